"""The lease on an outbox: who drains it. Its times, and its token; the store keeps it.

A drain renews its lease while it waits for a slow site. When its process dies, the lease runs out and the sweep lets
another drain take over, so the time to live bounds how long a crash can hold up a site.
"""

import secrets

LEASE_TTL_MS = 6_000
RENEW_EVERY_S = 2.0
"""A third of the time to live: two renewals may fail before the lease is lost."""


def new_token() -> str:
    """Make a token that no other drain has."""
    return secrets.token_hex(8)
