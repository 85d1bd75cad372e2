"""What stands between a policy and `cmd_vel`."""
