"""What the relay and the on-site client must agree on, and the few tools both need.

Not a place for convenience: a thing belongs here when the two halves would break if they held different opinions of it
(the wire, its signature, the site's secret), or when both need the very same tool (settings, logs, console).
Nothing here imports `relay` or `onsite`.
"""
