"""The admin API under `/admin/v1`: what the `relay` commands talk to. Guarded by one bearer token.

POST   /admin/v1/sites                {"name", "url", "allow_networks"?, "allow_insecure"?} → 201, the secret, this once
GET    /admin/v1/sites                every site with pages and delivery
GET    /admin/v1/sites/{site}
PATCH  /admin/v1/sites/{site}         {"url"?, "allow_networks"?, "forbid_networks"?, "allow_insecure"?}
POST   /admin/v1/sites/{site}/pause   {"reason"?} leaves a site alone, and keeps what comes for it
POST   /admin/v1/sites/{site}/resume  tries a paused or parked site now
GET    /admin/v1/bindings             [{"page_id", "site", "subscribed", "audited_at", "trouble", "token_dead_since"}]
PUT    /admin/v1/bindings/{page_id}   {"site", "page_token"?, "move"?: true hands it over from another site}
DELETE /admin/v1/bindings/{page_id}
GET    /admin/v1/status               sites, unclaimed pages, pages in trouble
"""

from dataclasses import asdict
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from relay.core.address_change import AddressChange
from relay.core.delivery import MAX_REASON
from relay.core.errors import SiteNotFound
from relay.core.permission import Permission, networks_of
from relay.core.site import Site
from relay.engine.handover import HandedOver
from relay.engine.page_connection import PageConnection
from relay.engine.page_health import PageHealth
from relay.engine.site_admin import SiteAdmin, SiteView
from relay.web.readable import readable
from shared.addresses import Network
from shared.lenient import as_text
from shared.web import RequestRefused, read_json, require_bearer

PREFIX = "/admin/v1"


class AdminRoutes:
    """The routes that commands call."""

    def __init__(self, sites: SiteAdmin, pages: PageConnection, health: PageHealth, *, token: SecretStr) -> None:
        self._sites = sites
        self._pages = pages
        self._health = health
        self._guard = require_bearer(token)

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        add, guard = app.router.add_route, self._guard
        add("POST", PREFIX + "/sites", guard(self.add_site))
        add("GET", PREFIX + "/sites", guard(self.list_sites))
        add("GET", PREFIX + "/sites/{site}", guard(self.show_site))
        add("PATCH", PREFIX + "/sites/{site}", guard(self.change_site))
        add("POST", PREFIX + "/sites/{site}/pause", guard(self.pause_site))
        add("POST", PREFIX + "/sites/{site}/resume", guard(self.resume_site))
        add("GET", PREFIX + "/bindings", guard(self.list_bindings))
        add("PUT", PREFIX + "/bindings/{page_id}", guard(self.bind))
        add("DELETE", PREFIX + "/bindings/{page_id}", guard(self.unbind))
        add("GET", PREFIX + "/status", guard(self.status))

    async def add_site(self, request: web.Request) -> web.Response:
        """Register a site."""
        body = await read_json(request)
        permission = Permission(_networks(body, "allow_networks"), _flag(body, "allow_insecure") or False)
        added = await self._sites.add(_text(body, "name"), _text(body, "url"), permission)
        secret = {"secret": added.secret.get_secret_value()}
        return web.json_response(_address_json(added.site, added.warning) | secret, status=201)

    async def list_sites(self, _request: web.Request) -> web.Response:
        """List all sites."""
        return web.json_response([_site_json(site) for site in await self._sites.all()])

    async def show_site(self, request: web.Request) -> web.Response:
        """Show one site."""
        try:
            return web.json_response(_site_json(await self._sites.show(request.match_info["site"])))
        except SiteNotFound as error:
            raise RequestRefused(404, "not_found", str(error)) from None

    async def change_site(self, request: web.Request) -> web.Response:
        """Change a site's address, or what is allowed for it."""
        body = await read_json(request)
        change = AddressChange(
            _text(body, "url") if "url" in body else None,
            allow_networks=_networks(body, "allow_networks"),
            forbid_networks=_networks(body, "forbid_networks"),
            allow_insecure=_flag(body, "allow_insecure"),
        )
        try:
            site, warning = await self._sites.change(request.match_info["site"], change)
        except SiteNotFound as error:
            raise RequestRefused(404, "not_found", str(error)) from None
        return web.json_response(_address_json(site, warning))

    async def pause_site(self, request: web.Request) -> web.Response:
        """Leave a site alone until it is resumed."""
        name, reason = request.match_info["site"], (await read_json(request)).get("reason", "")
        if not isinstance(reason, str):
            raise RequestRefused(400, "bad_field", "the field reason is no text")
        try:
            before = await self._sites.pause(name, reason=as_text(reason)[:MAX_REASON])
        except SiteNotFound as error:
            raise RequestRefused(404, "not_found", str(error)) from None
        return web.json_response({"name": name, "was": before.value})

    async def resume_site(self, request: web.Request) -> web.Response:
        """Have a paused or parked site tried now."""
        name = request.match_info["site"]
        try:
            before = await self._sites.resume(name)
        except SiteNotFound as error:
            raise RequestRefused(404, "not_found", str(error)) from None
        return web.json_response({"name": name, "was": before.value})

    async def list_bindings(self, _request: web.Request) -> web.Response:
        """List all bindings, and how each page is."""
        return web.json_response([readable(asdict(page)) for page in await self._health.all()])

    async def bind(self, request: web.Request) -> web.Response:
        """Bind a page to a site, or move it there; with the page's token, subscribe to it and hand the token over."""
        page_id, body = request.match_info["page_id"], await read_json(request)
        site, move = _text(body, "site"), _flag(body, "move") or False
        bound: dict[str, Any] = {"page_id": page_id, "site": site}
        if "page_token" in body:
            made = await self._pages.connect(page_id, site, SecretStr(_text(body, "page_token")), move=move)
            bound |= {"subscribed": True, "name": made.name}
            return web.json_response(bound | _bound_json(made.bound, move=move))
        handed = await self._pages.bind(page_id, site, move=move)
        return web.json_response(bound | {"subscribed": False} | _bound_json(handed, move=move))

    async def unbind(self, request: web.Request) -> web.Response:
        """Unbind a page."""
        page_id = request.match_info["page_id"]
        gone = await self._pages.disconnect(page_id, reason="the relay's operator unbound the page")
        return web.json_response({"page_id": page_id, "site": gone.site, "still_subscribed": gone.still_subscribed})

    async def status(self, _request: web.Request) -> web.Response:
        """Show how everything stands."""
        sites = [_site_json(site) for site in await self._sites.all()]
        unclaimed = [readable(asdict(page)) for page in await self._sites.unclaimed()]
        troubled = [readable(asdict(page)) for page in await self._health.all() if page.trouble]
        return web.json_response({"sites": sites, "unclaimed": unclaimed, "troubled_pages": troubled})


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise RequestRefused(400, "missing_field", f"the field {name} is missing")
    return value


def _bound_json(bound: HandedOver, *, move: bool) -> dict[str, Any]:
    moved = {
        "moved_from": bound.source or None,
        "staying_events": bound.staying_events,
        "token_handed_over": bound.has_token,
    }
    return {"waiting_events": bound.waiting_events} | (moved if move else {})


def _networks(body: dict[str, Any], name: str) -> tuple[Network, ...]:
    value = body.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise RequestRefused(400, "bad_field", f"the field {name} is no list of networks such as 10.0.0.0/8")
    return networks_of(value)


def _flag(body: dict[str, Any], name: str) -> bool | None:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise RequestRefused(400, "bad_field", f"the field {name} is neither true nor false")
    return value


def _address_json(site: Site, warning: str) -> dict[str, Any]:
    return {
        "name": site.name,
        "url": site.url,
        "allow_networks": site.permission.network_texts,
        "allow_insecure": site.permission.insecure,
        "warning": warning or None,
    }


def _site_json(site: SiteView) -> dict[str, Any]:
    view = asdict(site)
    delivery = view.pop("delivery")
    del delivery["outbox"]
    return readable(view) | {"delivery": readable(delivery)}
