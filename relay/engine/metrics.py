"""Every metric that is counted as things happen; `engine.backlogs` has those that are asked for. Others name none.

None carries a person, a message or a secret. docs/metrics.md tells operators what to make of them.
"""

from bisect import bisect_right
from collections.abc import Sequence

from prometheus_client import Counter, Gauge, Histogram

from relay.core.audit import Finding
from relay.core.limits import LossReason
from relay.core.outbox import Entry
from shared.wire import Rejection


class ManyHistogram(Histogram):
    """A histogram in seconds that takes many observations at once: one by one, they would cost a tenth of a drain."""

    def observe_ms(self, amounts: Sequence[int]) -> None:
        """Observe each of these milliseconds; below zero counts as zero. For a histogram without labels."""
        # The library has no public way; these attributes are what its own `observe` writes to.
        ordered, below = sorted(amounts), 0
        for bound, bucket in zip(self._upper_bounds, self._buckets, strict=True):
            up_to = bisect_right(ordered, bound * 1000)
            if up_to > below:
                bucket.inc(up_to - below)
                below = up_to
        self._sum.inc(max(0, sum(ordered)) / 1000)


WEBHOOKS = Counter(
    "relay_webhooks_total",
    "Webhook requests: accepted, unknown_object; refused: bad_signature, malformed, packed_body, too_large, too_slow,"
    " busy, unavailable",
    ["result"],
)
WEBHOOK_RESULTS = (
    "accepted",
    "unknown_object",
    "bad_signature",
    "malformed",
    "packed_body",
    "too_large",
    "too_slow",
    "busy",
    "unavailable",
)
for _result in WEBHOOK_RESULTS:
    WEBHOOKS.labels(_result)  # for the same reason as the losses below
EVENTS_ACCEPTED = Counter("relay_events_accepted_total", "Events that got their 200")
EVENTS_UNCLAIMED = Counter(
    "relay_events_unclaimed_total", "Accepted events of pages that no site claims; they are kept"
)
ENTRIES_ODD = Counter(
    "relay_entries_odd_total", "Webhook entries or items that cannot be routed or read; they are kept aside"
)
ACCEPT_SECONDS = Histogram(
    "relay_accept_seconds",
    "From the request to its 200",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)

SITE_CALLS = Counter(
    "relay_site_calls_total",
    "Calls of sites (ready, look, check, connect, disconnect): ok, paused, refused, throttled",
    ["call", "result"],
)

PERSON_CALLS = Counter(
    "relay_person_calls_total",
    "Meta's calls about a person who leaves (deauthorize, data_deletion): done; refused: bad_signature, malformed,"
    " packed_body, too_large, too_slow, caller_gone, unfinished, unavailable, misconfigured",
    ["call", "result"],
)

BATCHES = Counter(
    "relay_batches_total", "Batches sent to sites, by verdict: delivered, toolarge, refused, gone, failed", ["verdict"]
)
BATCH_EVENTS = Histogram(
    "relay_batch_events", "Events in a batch that its site acknowledged", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
DELIVERY_SECONDS = ManyHistogram(
    "relay_delivery_seconds",
    "From the moment an event is in Redis to its site's acknowledgement",
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120, 600, 3600, 86_400),
)
EVENTS_DELIVERED = Counter("relay_events_delivered_total", "Events that their site acknowledged")
EVENTS_REJECTED = Counter("relay_events_rejected_total", "Events refused for good by their site; they are dead letters")
EVENTS_LOST = Counter(
    "relay_events_lost_total", "Events that are gone although nobody got them, by reason (core.limits)", ["reason"]
)
for _reason in LossReason:
    EVENTS_LOST.labels(_reason.value)  # a series that begins with its first loss shows Prometheus no increase

AUDITS = Counter(
    "relay_page_audits_total",
    "Audits of connected pages, by what they found: subscribed, fields_missing, messages_missing, unsubscribed,"
    " token_dead, refused; nothing was found: throttled, app_throttled, temporary, unreachable",
    ["result"],
)
for _finding in Finding:
    AUDITS.labels(_finding.value)
RESUBSCRIPTIONS = Counter("relay_page_resubscriptions_total", "Pages that were subscribed again by an audit")
TOKEN_DEATHS = Counter("relay_page_token_deaths_total", "Pages' tokens that died; their sites were told")
TOKEN_RECOVERIES = Counter(
    "relay_page_token_recoveries_total", "Pages' tokens that were dead and work again; their sites were told"
)
GAPS = Counter("relay_page_gaps_total", "Gaps in what Facebook sent of a page, of which its site was told")

DRAINS = Gauge("relay_drains_running", "Outboxes that are drained now", multiprocess_mode="livesum")


def note_acknowledged(entries: Sequence[Entry], rejected: Sequence[Rejection], *, now: float) -> None:
    """Count a batch that its site took, but for what it refused. `now`: seconds since 1970."""
    EVENTS_DELIVERED.inc(len(entries) - len(rejected))
    EVENTS_REJECTED.inc(len(rejected))
    BATCH_EVENTS.observe(len(entries))
    now_ms = round(now * 1000)
    DELIVERY_SECONDS.observe_ms([now_ms - entry.accepted_at_ms for entry in entries])
