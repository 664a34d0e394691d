"""An HTTP server on loopback that starts, tells its address, and stops. Knows no platform."""

from collections.abc import Callable

from aiohttp import web

GRACE_S = 5.0
"""How long a stopping server waits for answers under way; long polls and held calls are released before."""


class HttpServer:
    """Serves an application, made anew for each start; may be started again after it was closed."""

    def __init__(self, make_app: Callable[[], web.Application]) -> None:
        self._make_app = make_app
        self._runner: web.AppRunner | None = None
        self._address = ("", 0)

    @property
    def url(self) -> str:
        """The address without a slash at its end. Raises RuntimeError before the start."""
        if not self._address[1]:
            raise RuntimeError("the simulator has no address before it is started")
        host, port = self._address
        return f"http://{host}:{port}"

    @property
    def port(self) -> int:
        """The port, also when 0 was asked for."""
        return self._address[1]

    async def start(self, host: str, port: int) -> None:
        """Listen. Raises OSError when the port is taken."""
        if self._runner is not None:
            raise RuntimeError("the simulator is running already")
        runner = web.AppRunner(self._make_app(), access_log=None, shutdown_timeout=GRACE_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self._address = (host, runner.addresses[0][1])

    async def close(self) -> None:
        """Stop listening and let the answers under way go out; harmless when it is not running."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
