"""Who is who among people that are detected without an identity."""
