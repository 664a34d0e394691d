"""A relay in a thread, for commands."""

from functools import partial
from pathlib import Path
from typing import Any

from tests.support.relay import RunningRelay, running_relay
from tests.support.server_thread import ServerThread


class RelayThread(ServerThread[RunningRelay]):
    """Runs a relay while it is entered."""

    def __init__(self, redis_url: str, data_dir: Path, **changes: Any) -> None:
        """Take settings that differ from `tests.support.relay`'s in `changes`."""
        super().__init__("relay", partial(running_relay, redis_url, data_dir, **changes))

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.running.url

    def webhook(self, body: bytes) -> int:
        """Send what Meta would send; returns the status of the answer."""
        return self.do(self.running.webhook(body))
