"""Media: what of a message is fetched, what becomes of it, and how it is shown. Pure."""
