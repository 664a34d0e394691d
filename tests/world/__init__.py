"""The product as its users start it: `relay run` and `onsite run` as processes, for end-to-end tests and the demo.

Nothing here reaches into the product: it starts commands, reads what they print, and talks HTTP.
"""
