"""A person with a browser who connects pages, as far as HTTP goes: cookies, redirects one at a time, forms."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from typing import Any, Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp

from tests.simulators.graph import GraphSimulator

FIELD = re.compile(r'<input type="hidden" name="token" value="([^"]+)"')


@dataclass(frozen=True)
class Seen:
    """What a browser got."""

    url: str
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def location(self) -> str:
        return self.headers["Location"]

    @property
    def title(self) -> str:
        found = re.search(r"<h1>(.*?)</h1>", self.text, re.DOTALL)
        return unescape(found[1]).strip() if found else ""

    @property
    def form_token(self) -> str:
        found = FIELD.search(self.text)
        return found[1] if found else ""


class Reachable(Protocol):
    """A relay, whoever runs it."""

    @property
    def url(self) -> str:
        """Where it listens."""


@dataclass
class Browser:
    """Keeps the relay's cookies, and brings them along."""

    relay: Reachable
    cookies: dict[str, str] = field(default_factory=dict)
    set_cookies: list[str] = field(default_factory=list)
    """`Set-Cookie` as it came, newest last."""

    async def get(self, url: str, **headers: str) -> Seen:
        """Ask for one address; redirects are not followed."""
        return await self._send("GET", url, headers=headers)

    async def submit(self, url: str, fields: Iterable[tuple[str, str]], **headers: str) -> Seen:
        """Send a form."""
        sent = {"Content-Type": "application/x-www-form-urlencoded"} | headers
        return await self._send("POST", url, data=urlencode(list(fields)), headers=sent)

    async def follow(self, link: str, **headers: str) -> Seen:
        """Open a link and press its button; what the link shows where there is none."""
        seen = await self.get(link)
        return await self.submit(link, [], **headers) if seen.status == 200 else seen

    async def choose(self, form: Seen, *page_ids: str, **headers: str) -> Seen:
        """Tick pages and press the button."""
        fields = [("token", form.form_token), *(("page", page_id) for page_id in page_ids)]
        return await self.submit(form.url, fields, **headers)

    async def _send(self, method: str, url: str, *, headers: dict[str, str], **options: Any) -> Seen:
        url = url if url.startswith("http") else self.relay.url + url
        if url.startswith(self.relay.url) and self.cookies:
            headers = headers | {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
            http.request(method, url, headers=headers, allow_redirects=False, **options) as answer,
        ):
            self._keep(answer.headers.getall("Set-Cookie", []))
            return Seen(url, answer.status, dict(answer.headers), await answer.text())

    def _keep(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.set_cookies.append(line)
            for name, morsel in SimpleCookie(line).items():
                self.cookies.pop(name, None)
                if morsel["max-age"] != "0":
                    self.cookies[name] = morsel.value


async def agree(graph: GraphSimulator, dialog: str, *page_ids: str, permissions: Iterable[str] | None = None) -> str:
    """Log in at the dialog, tick pages, allow what is asked (or only `permissions`); return where it leads."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(dialog).query).items()}
    allowed = asked.get("scope", "").split(",") if permissions is None else permissions
    boxes = {f"sim_page_{page}": "on" for page in page_ids} | {f"sim_permission_{name}": "on" for name in allowed}
    return await _answer_dialog(graph, asked | boxes | {"sim_answer": "continue"})


async def decline(graph: GraphSimulator, dialog: str) -> str:
    """Cancel at the dialog; return where it leads."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(dialog).query).items()}
    return await _answer_dialog(graph, asked | {"sim_answer": "cancel"})


async def _answer_dialog(graph: GraphSimulator, fields: dict[str, str]) -> str:
    url = f"{graph.url}/v26.0/dialog/oauth"
    async with aiohttp.ClientSession() as http, http.post(url, data=fields, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()
        return answer.headers["Location"].partition("#")[0]
