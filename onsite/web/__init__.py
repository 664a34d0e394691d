"""The HTTP side: routes that turn requests into calls of use cases, and their results into answers."""
