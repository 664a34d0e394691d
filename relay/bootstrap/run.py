"""Everything on one machine: embedded Redis, web process with the live lane, and a worker as a child process."""

import asyncio
import os
import sys
from contextlib import AsyncExitStack

from relay.adapters import child_process
from relay.adapters.embedded_redis import EmbeddedRedis
from relay.bootstrap.parts import check_redis
from relay.bootstrap.serve import serving
from relay.core.settings import RelaySettings
from shared.folder_lock import FolderLock
from shared.logs import get_logger
from shared.runtime import stop_event
from shared.tasks import Supervisor

log = get_logger(__name__)


async def run(settings: RelaySettings, *, allow_volatile: bool) -> None:
    """Run everything on this machine until SIGTERM or SIGINT; stops in the reverse order of starting."""
    stop = stop_event()
    with FolderLock(settings.data_dir, owner="relay run"):
        supervisor = Supervisor()
        async with AsyncExitStack() as stack:
            redis_url = settings.redis_address
            if not redis_url:
                embedded = EmbeddedRedis(settings.data_dir / "redis")
                await embedded.start()
                stack.push_async_callback(embedded.stop)
                supervisor.start("embedded redis", embedded.watch)
                stack.push_async_callback(supervisor.close)  # first of all, or the watch would start Redis again
                redis_url = embedded.url
            await check_redis(redis_url, allow_volatile=allow_volatile)
            port = await stack.enter_async_context(serving(settings, redis_url))
            worker = WorkerProcess(settings, redis_url)
            supervisor.start("worker", worker.keep_running)
            stack.push_async_callback(worker.stop)
            stack.push_async_callback(supervisor.close)
            log.info("relay_serves", host=settings.host, port=port, redis="named" if settings.redis_url else "embedded")
            await stop.wait()
            log.info("relay_stops")


class WorkerProcess:
    """The worker of `relay run`: a child process, started again when it ends by itself."""

    def __init__(self, settings: RelaySettings, redis_url: str) -> None:
        own = {
            "RELAY_REDIS_URL": redis_url,
            "RELAY_DATA_DIR": str(settings.data_dir.resolve()),
            "RELAY_LOG_LEVEL": settings.log_level,
        }
        self._env = {k: v for k, v in os.environ.items() if k.removesuffix("_FILE") not in own} | own
        self._process: asyncio.subprocess.Process | None = None

    async def keep_running(self) -> None:
        """Run the worker; ends when it does, with an error so that the supervisor starts it again."""
        self._process = await child_process.spawn([sys.executable, "-m", "relay", "worker"], env=self._env)
        code = await self._process.wait()
        raise ChildProcessError(f"the worker ended with exit code {code}")

    async def stop(self) -> None:
        """Stop the worker; it finishes its batches in flight."""
        if self._process is not None:
            await child_process.stop(self._process)
