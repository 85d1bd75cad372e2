"""What recorded people want: their rewards, how well these foretell them, and what they answer."""
