"""Everything on one machine: embedded Redis, web process with the live lane, and a worker as a child process."""

import os
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from relay.adapters.embedded_redis import EmbeddedRedis
from relay.adapters.kept_process import KeptProcess
from relay.adapters.shared_counts import forget_process
from relay.bootstrap.parts import check_redis
from relay.bootstrap.serve import serving
from relay.bootstrap.several import child_environment, web_processes
from relay.core.settings import RelaySettings
from shared.folder_lock import FolderLock
from shared.logs import get_logger
from shared.runtime import stop_event
from shared.tasks import Supervisor

log = get_logger(__name__)


async def run(settings: RelaySettings, *, allow_volatile: bool) -> None:
    """Run everything on this machine until SIGTERM or SIGINT; stops in the reverse order of starting."""
    stop = stop_event()
    os.umask(0o077)  # what Redis keeps is nobody's but its owner's, also in a folder that others may enter
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
            await check_redis(settings, redis_url, allow_volatile=allow_volatile)
            port = await stack.enter_async_context(_web(settings, redis_url, allow_volatile=allow_volatile))
            args = ["worker", *(["--allow-volatile"] if allow_volatile else [])]
            worker = KeptProcess(args, env=child_environment(settings, redis_url), ended=forget_process)
            supervisor.start("worker", worker.keep_running)
            stack.push_async_callback(worker.stop)
            stack.push_async_callback(supervisor.close)
            log.info("relay_serves", host=settings.host, port=port, redis="named" if settings.redis_url else "embedded")
            await stop.wait()
            log.info("relay_stops")


def _web(settings: RelaySettings, redis_url: str, *, allow_volatile: bool) -> AbstractAsyncContextManager[int]:
    """Serve in this process, or in children when there are to be several."""
    if settings.processes == 1:
        return serving(settings, redis_url)
    return web_processes(settings, redis_url, allow_volatile=allow_volatile)
