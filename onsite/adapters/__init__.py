"""The ports' implementations: thin shells around the libraries that do I/O."""
