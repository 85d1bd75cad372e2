"""The learner process: episodes' logs in, policy snapshots out (io.contract)."""
