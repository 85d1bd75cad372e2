"""Parameters of nodes that are more than a node's: a replay has them too."""
