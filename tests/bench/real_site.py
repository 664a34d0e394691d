"""The real on-site client, `onsite run` with its SQLite, as the conductor sees it; and who watches its database."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import psutil
from pydantic import SecretStr

from onsite.adapters.sql.database import FILE_NAME
from tests.bench.checker import Arrival
from tests.bench.children import START_TIMEOUT_S, Child, comes_true, python, running, wait_until, wait_until_ready
from tests.bench.errors import BenchFailed
from tests.bench.processes.watch import WATCHING
from tests.bench.receivers import Completion
from tests.bench.traffic import read_mid

LOOK_EVERY_S = 0.0005
"""How often the watcher looks: no event is noted later than this after it was stored, and the time of one look."""


class RealSite:
    """Fits `receivers.Receiver`."""

    def __init__(self, name: str, onsite: Child, folder: Path, watchers: ExitStack) -> None:
        self._name = name
        self._onsite = psutil.Process(onsite.pid)
        self._folder = folder
        self._watchers = watchers
        self._watcher: Child | None = None

    @property
    def processes(self) -> Mapping[str, psutil.Process]:
        """See `receivers.Receiver.processes`."""
        return {"onsite": self._onsite, "watcher": psutil.Process(self._watching.pid)}

    def expect(self, events: int) -> None:
        """See `receivers.Receiver.expect`."""
        self._watchers.close()
        database = self._folder / "onsite" / FILE_NAME
        command = python("tests.bench.processes.watch", str(database), str(events), str(LOOK_EVERY_S))
        self._watcher = self._watchers.enter_context(running("watcher", command, folder=self._folder))
        wait_until(lambda: self._said() == [WATCHING], what="the watcher to look", timeout_s=START_TIMEOUT_S)

    def completion(self, *, timeout_s: float) -> Completion | None:
        """See `receivers.Receiver.completion`."""
        if not comes_true(lambda: len(self._said()) > 1, timeout_s=timeout_s):
            return None
        arrivals = self.arrivals()
        return Completion(arrivals[-1].at, len({arrival.at for arrival in arrivals}))

    def arrivals(self) -> list[Arrival]:
        """See `receivers.Receiver.arrivals`."""
        if len(self._said()) == 1:
            self._watching.stop()  # it tells what it saw so far
        found = msgspec.json.decode(self._said()[1], type=list[tuple[str, str, float]])
        return [Arrival(self._name, event_id, *read_mid(mid), at) for event_id, mid, at in found]

    @property
    def _watching(self) -> Child:
        if self._watcher is None:
            raise BenchFailed("nothing was expected at this site")
        return self._watcher

    def _said(self) -> list[str]:
        """Return the watcher's whole lines. Raises BenchFailed when it ended by itself."""
        said = self._watching.log.read_text("utf-8").splitlines(keepends=True)
        whole = [line.rstrip("\n") for line in said if line.endswith("\n")]
        if len(whole) < len((WATCHING, "arrivals")):
            self._watching.check()
        return whole


@contextmanager
def run_real_site(folder: Path, *, name: str, secret: SecretStr, port: int) -> Iterator[RealSite]:
    """Run one site's client meanwhile."""
    env = {
        "ONSITE_SITE": name,
        "ONSITE_RELAY_SECRET": secret.get_secret_value(),
        "ONSITE_DATA_DIR": str(folder / "onsite"),
        "ONSITE_PORT": str(port),
        "ONSITE_LOG_LEVEL": "WARNING",
    }
    with ExitStack() as stack:
        onsite = stack.enter_context(running("onsite", python("onsite", "run"), folder=folder, env=env))
        wait_until_ready(onsite, port)
        yield RealSite(name, onsite, folder, stack.enter_context(ExitStack()))
