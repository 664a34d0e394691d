"""A receiver of webhooks for the simulators' own tests."""

from aiohttp import web


class Receiver:
    """The app's side of the webhooks: keeps what came, answers `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []

    async def take(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.Response(text=request.query["hub.challenge"])
        self.bodies.append(await request.read())
        self.headers.append(dict(request.headers))
        return web.Response(status=self.status, text="EVENT_RECEIVED")
