"""What a robot's drive does, fitted from a minute of driving; no ROS."""
