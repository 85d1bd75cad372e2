"""Scenarios x people x methods x seeds: what learning and anticipating are worth."""
