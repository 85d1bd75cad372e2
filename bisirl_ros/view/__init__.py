"""What happened, to look at: one HTML page of a run or a bag, which needs nothing else; or an mcap
file for Foxglove."""
