"""Every metric of the site, in one place. Labels are platforms, states and outcomes, never a word about a person.

Counters are counted here; gauges of what the database holds are set by whoever answers `/metrics`.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """The metrics of one site. Each site has its own registry, so that several can live in one process."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        self.events = Counter(
            "onsite_events", "Events stored, by platform and state", ["platform", "state"], registry=registry
        )
        self.repeats = Counter(
            "onsite_events_repeated", "Events that were there already", ["platform"], registry=registry
        )
        self.messages = Counter("onsite_messages", "Messages added to conversations", registry=registry)
        self.batches_refused = Counter(
            "onsite_relay_batches_refused",
            "Pushes of the relay that were refused, by reason",
            ["reason"],
            registry=registry,
        )
        self.apply_seconds = Histogram("onsite_apply_seconds", "Time to store one batch", registry=registry)
        self.polls = Counter("onsite_telegram_polls", "Polls of Telegram, by result", ["result"], registry=registry)
        self.sends = Counter(
            "onsite_sends", "Attempts to send, by platform and outcome", ["platform", "outcome"], registry=registry
        )
        self.replies = Gauge("onsite_replies", "Replies that are not settled, by state", ["state"], registry=registry)
        self.channels = Gauge(
            "onsite_channels", "Channels, by platform and state", ["platform", "state"], registry=registry
        )
        self.quarantined = Gauge("onsite_quarantined_events", "Events in quarantine", registry=registry)
        self.media_fetches = Counter(
            "onsite_media_fetches",
            "Tries to fetch an attachment's content, by platform and result",
            ["platform", "result"],
            registry=registry,
        )
        self.media_bytes = Counter("onsite_media_stored_bytes", "Bytes of contents that were stored", registry=registry)
        self.media = Gauge("onsite_media", "Contents that wait or failed, by state", ["state"], registry=registry)
        self.relay = Gauge("onsite_relay", "1 for how the relay stands with this site", ["state"], registry=registry)
        self.relay_waiting = Gauge(
            "onsite_relay_waiting_events",
            "Events that wait at the relay, as it last said; NaN while it has not said",
            registry=registry,
        )

    def exposition(self) -> bytes:
        """Write all of them in Prometheus' text format."""
        return generate_latest(self._registry)
