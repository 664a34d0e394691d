"""`/api/v1/media`: customers' files. What they hold is somebody else's: the rule is that nothing of it may run.

GET  /api/v1/media                  those that wait or failed, the newest first
GET  /api/v1/media/{id}             the file; with Range
GET  /api/v1/media/{id}/thumbnail   a small picture of it
POST /api/v1/media/{id}/retry       fetch one again
POST /api/v1/media/retry            fetch all again that failed

A file is shown in the page only if its type is on a list and was found by its own bytes; any other is downloaded. No
browser may take it for another type (`nosniff`), and where one shows it by itself, it is alone: without scripts, forms
or an origin (`sandbox`).
"""

from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from onsite.core.media.names import content_disposition, safe_name
from onsite.core.media.types import may_show_inline
from onsite.engine.media import Listed, MediaFiles, MediaStore, StoredMedia
from onsite.engine.media_fetcher import MediaFetcher
from onsite.web.query import before_id_of, id_of, limit_of
from onsite.web.views import media_json
from shared.web import RequestRefused, require_bearer

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    # For a day, as rules of keeping may end it; a content never changes under its number but by being fetched again.
    "Cache-Control": "private, max-age=86400",
}


class MediaRoutes:
    """Guarded by the site's API token."""

    def __init__(self, store: MediaStore, files: MediaFiles, fetcher: MediaFetcher, *, token: SecretStr) -> None:
        self._store = store
        self._files = files
        self._fetcher = fetcher
        self._guard = require_bearer(token)

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        app.router.add_get("/api/v1/media", self._guard(self.list_missing))
        app.router.add_post("/api/v1/media/retry", self._guard(self.retry_all))
        app.router.add_get("/api/v1/media/{id}", self._guard(self.content))
        app.router.add_get("/api/v1/media/{id}/thumbnail", self._guard(self.thumbnail))
        app.router.add_post("/api/v1/media/{id}/retry", self._guard(self.retry))

    async def list_missing(self, request: web.Request) -> web.Response:
        """List those that wait or failed."""
        limit = limit_of(request)
        found = await self._store.not_here(limit=limit, before=before_id_of(request))
        following = str(found[-1].media.id) if len(found) == limit else None
        return web.json_response({"media": [listed_json(each) for each in found], "next": following})

    async def content(self, request: web.Request) -> web.StreamResponse:
        """Hand a file out."""
        found = await self._found(request)
        mime_type = found.content.mime_type
        name = safe_name(found.name, kind=found.kind, mime_type=mime_type, number=found.id)
        inline = may_show_inline(mime_type, readable=bool(found.content.thumbnail_type))
        return _file(self._files.path_of(found.content.sha256), mime_type, content_disposition(name, inline=inline))

    async def thumbnail(self, request: web.Request) -> web.StreamResponse:
        """Hand a thumbnail out."""
        found = await self._found(request)
        mime_type = found.content.thumbnail_type
        if not mime_type:
            raise RequestRefused(404, "not_found", f"media {found.id} has no thumbnail")
        return _file(self._files.thumbnail_of(found.content.sha256), mime_type, "inline")

    async def retry(self, request: web.Request) -> web.Response:
        """Fetch one again; one that is here stays as it is."""
        return web.json_response(media_json(await self._fetcher.retry(id_of(request))), status=202)

    async def retry_all(self, _request: web.Request) -> web.Response:
        """Fetch all again that failed."""
        return web.json_response({"waiting": await self._fetcher.retry_all()}, status=202)

    async def _found(self, request: web.Request) -> StoredMedia:
        found = await self._store.stored_media(id_of(request))
        if isinstance(found, StoredMedia):
            return found
        raise RequestRefused(404, "not_here", f"media {found.id} is {found.state}. {found.sentence}".rstrip())


def listed_json(listed: Listed) -> dict[str, Any]:
    """Show one of a list."""
    place = {"conversation_id": listed.conversation_id, "message_id": listed.message_id}
    return media_json(listed.media) | {"kind": listed.kind} | place


def _file(path: Path, mime_type: str, disposition: str) -> web.StreamResponse:
    if not path.is_file():
        raise RequestRefused(404, "not_here", "the file is not in the data folder any more: was it removed by hand?")
    return web.FileResponse(path, headers=HEADERS | {"Content-Type": mime_type, "Content-Disposition": disposition})
