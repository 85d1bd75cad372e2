"""What the method is compared with (FORMULATION section 7)."""
