"""Experiments that show what the method claims, each against a bar: `bisirl theory`."""
