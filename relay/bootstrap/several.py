"""Several web processes on one port of one machine: what Python needs to use more than one core.

The parent binds the port once and hands the listening socket to its children; it takes no connection itself. It starts
a child again when it ends, after a growing pause, and when it is asked to stop it asks them and waits for them.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from relay.adapters.kept_process import KeptProcess
from relay.adapters.shared_counts import forget_process
from relay.core.settings import RelaySettings
from shared.listening_socket import bind
from shared.tasks import Supervisor


def child_environment(settings: RelaySettings, redis_url: str) -> Mapping[str, str]:
    """Return the environment of a child: ours, with what flags or defaults may have changed of it."""
    own = {
        "RELAY_REDIS_URL": redis_url,
        "RELAY_DATA_DIR": str(settings.data_dir.resolve()),
        "RELAY_LOG_LEVEL": settings.log_level,
    }
    return {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in own} | own


@asynccontextmanager
async def web_processes(settings: RelaySettings, redis_url: str, *, allow_volatile: bool) -> AsyncIterator[int]:
    """Run `settings.processes` web processes meanwhile; yields their port. Raises UserError when it cannot be had.

    On leaving, each finishes what is under way.
    """
    supervisor = Supervisor()
    with bind(settings.host, settings.port) as bound:
        args = ["serve", "--socket-fd", str(bound.fileno()), *(["--allow-volatile"] if allow_volatile else [])]
        env = child_environment(settings, redis_url)
        children = [
            KeptProcess(args, env=env, sockets=[bound.fileno()], ended=forget_process)
            for _ in range(settings.processes)
        ]
        for number, child in enumerate(children, start=1):
            supervisor.start(f"web process {number}", child.keep_running)
        try:
            yield bound.getsockname()[1]
        finally:
            bound.close()  # before the children go: a connection that nobody will take is better refused
            await supervisor.close()
            await asyncio.gather(*(child.stop() for child in children))
