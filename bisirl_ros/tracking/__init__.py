"""From what a tracker reports of one person to what they decided."""
