"""What the benchmark starts as processes of their own, each cheap enough not to be what is measured."""
