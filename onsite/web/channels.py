"""`/api/v1/channels`: pages and bots, their health, their tokens (which go in and never come out)."""

from typing import Any

from aiohttp import web
from pydantic import SecretStr

from onsite.core.model import Platform
from onsite.engine.channel_admin import ChannelAdmin
from onsite.engine.channels import Channel, Credentials
from onsite.engine.ports import ChannelStore
from onsite.web.query import flag_field, id_of, secret_field, text_field
from onsite.web.views import channel_json
from shared.web import RequestRefused, read_json, require_bearer


class ChannelRoutes:
    """Guarded by the site's API token."""

    def __init__(self, store: ChannelStore, admin: ChannelAdmin, *, token: SecretStr) -> None:
        self._store = store
        self._admin = admin
        self._guard = require_bearer(token)

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        one = "/api/v1/channels/{id}"
        app.router.add_get("/api/v1/channels", self._guard(self.list_channels))
        app.router.add_post("/api/v1/channels", self._guard(self.add))
        app.router.add_get(one, self._guard(self.show))
        app.router.add_put(one, self._guard(self.change))
        app.router.add_delete(one, self._guard(self.remove))

    async def list_channels(self, _request: web.Request) -> web.Response:
        """List all channels."""
        return web.json_response({"channels": [channel_json(each) for each in await self._store.channels()]})

    async def show(self, request: web.Request) -> web.Response:
        """Show one channel."""
        return web.json_response(channel_json(await self._store.channel(id_of(request))))

    async def add(self, request: web.Request) -> web.Response:
        """Add a channel, or give the one that is there another token."""
        body = await read_json(request)
        channel = await self._add(_platform_of(body), body)
        return web.json_response(channel_json(channel), status=201)

    async def change(self, request: web.Request) -> web.Response:
        """Give a channel another token."""
        body = await read_json(request)
        name = text_field(body, "name", default="")
        channel = await self._admin.change_token(id_of(request), _credentials_of(body), name=name)
        return web.json_response(channel_json(channel))

    async def remove(self, request: web.Request) -> web.Response:
        """Remove a channel; its conversations stay."""
        await self._admin.remove(id_of(request))
        return web.Response(status=204)

    async def _add(self, platform: Platform, body: dict[str, Any]) -> Channel:
        name = text_field(body, "name", default="")
        if platform is Platform.FACEBOOK:
            return await self._admin.add_page(text_field(body, "page_id"), _credentials_of(body), name=name)
        token, take_over = secret_field(body, "token"), flag_field(body, "take_over")
        return await self._admin.add_bot(token, name=name, take_over=take_over)


def _platform_of(body: dict[str, Any]) -> Platform:
    try:
        return Platform(text_field(body, "platform"))
    except ValueError:
        raise RequestRefused(422, "bad_field", f"platform must be one of {', '.join(Platform)}") from None


def _credentials_of(body: dict[str, Any]) -> Credentials:
    proof = secret_field(body, "appsecret_proof") if body.get("appsecret_proof") else None
    return Credentials(secret_field(body, "token"), proof)
