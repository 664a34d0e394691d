"""Use cases, and the ports through which they reach the world. No library that does I/O is imported here."""
