"""`bisirl verify SUITE`: what the package claims, measured against its bars."""
