"""What crosses a boundary: messages between processes, checkpoints, run folders, recordings."""
