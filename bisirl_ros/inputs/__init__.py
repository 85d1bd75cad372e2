"""From messages to the session and to what stands around: the same for a node and for a bag."""
