"""The learner process: interactions in, policy snapshots out (io.contract)."""
