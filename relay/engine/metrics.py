"""Every metric of the relay. No other file names one. None carries a person, a message or a secret."""

from prometheus_client import Counter, Gauge, Histogram

WEBHOOKS = Counter(
    "relay_webhooks_total",
    "Webhook requests: accepted, bad_signature, malformed, too_large, unknown_object, unavailable",
    ["result"],
)
EVENTS_ACCEPTED = Counter("relay_events_accepted_total", "Events that got their 200")
EVENTS_UNCLAIMED = Counter(
    "relay_events_unclaimed_total", "Accepted events of pages that no site claims; they are kept"
)
ENTRIES_ODD = Counter("relay_entries_odd_total", "Webhook entries that cannot be routed; they are kept aside")
ACCEPT_SECONDS = Histogram(
    "relay_accept_seconds",
    "From the request to its 200",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)

SITE_CALLS = Counter(
    "relay_site_calls_total", "Calls of sites (ready, look): ok, paused, refused, throttled", ["call", "result"]
)

BATCHES = Counter("relay_batches_total", "Batches sent to sites, by verdict", ["verdict"])
EVENTS_DELIVERED = Counter("relay_events_delivered_total", "Events that their site acknowledged")
EVENTS_REJECTED = Counter("relay_events_rejected_total", "Events refused for good by their site; they are dead letters")
DRAINS = Gauge("relay_drains_running", "Outboxes that this process drains now")
