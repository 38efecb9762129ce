"""Where we practise: worlds as data, API servers that speak the real wire formats, and fabrics that carry packets."""
