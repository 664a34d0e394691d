"""What customers attach is here, shown, and survives whatever ends the site in the middle of it."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from onsite.bootstrap import serving
from onsite.core.settings import OnsiteSettings
from tests.e2e.conftest import NewSite
from tests.simulators.graph import GraphSimulator
from tests.simulators.telegram import TelegramSimulator, attachments
from tests.support.media_host import file, media_host
from tests.support.pictures import picture
from tests.world.ports import free_port
from tests.world.process import Server
from tests.world.watching import eventually

PAGE_ID, PSID = "1122", "9001"
PAGE_TOKEN = "EAA" + "t" * 60
BOT_TOKEN = "7000000001:" + "b" * 35
OGG = b"OggS\0\2" + bytes(22) + b"\x01\x13OpusHead" + bytes(range(256)) * 40

pytestmark = pytest.mark.timeout(180)


class Api:
    """A site's API, as its operators' screens use it."""

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str) -> None:
        self._http, self._url = http, url
        self._headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str) -> Any:
        async with self._http.get(f"{self._url}/api/v1{path}", headers=self._headers) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def bytes(self, path: str) -> tuple[bytes, str]:
        async with self._http.get(f"{self._url}/api/v1{path}", headers=self._headers) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.read(), answer.headers["Content-Disposition"]

    async def media(self) -> list[dict[str, Any]]:
        """Return all contents of all conversations."""
        found = (await self.get("/conversations"))["conversations"]
        pages = [await self.get(f"/conversations/{each['id']}/messages") for each in found]
        return [each["media"] for page in pages for message in page["messages"] for each in message["attachments"]]


def all_stored(count: int) -> Any:
    return lambda found: [each["state"] for each in found] == ["stored"] * count


async def test_a_picture_from_messenger_and_a_voice_from_telegram_reach_the_operator(
    graph: GraphSimulator, telegram: TelegramSimulator, relay: Server, tmp_path: Path
) -> None:
    graph.add_page(PAGE_ID, name="Acme", token=PAGE_TOKEN)
    graph.add_person(page_id=PAGE_ID, psid=PSID, name="Ada Lovelace")
    bot = telegram.add_bot(BOT_TOKEN, username="acme_bot")
    grace = telegram.add_user(id=50000001, first_name="Grace")
    port = free_port()
    here = ("--allow-insecure", "--allow-network", "127.0.0.0/8")
    added = await relay.command("site", "add", "acme", f"http://127.0.0.1:{port}", *here)
    settings = OnsiteSettings(
        site="acme",
        relay_secret=added["secret"],
        relay_url=relay.base_url,
        data_dir=tmp_path / "site",
        port=port,
        graph_url=graph.url,
        telegram_url=telegram.url,
    )
    settings.data_dir.mkdir()
    content = picture("JPEG", size=(1600, 800))
    tls = tmp_path.parent / f"{tmp_path.name}-tls"
    tls.mkdir()
    # The site runs here and not in a process of its own: only so can it be told where Facebook's media servers are.
    async with (
        media_host(tls) as (host, door),
        serving(settings, media_door=door),
        aiohttp.ClientSession() as http,
    ):
        api = Api(http, f"http://127.0.0.1:{port}", settings.api_token_file.read_text().strip())
        await relay.command("bind", PAGE_ID, "acme")
        for body in (
            {"platform": "telegram", "token": BOT_TOKEN},
            {"platform": "facebook", "page_id": PAGE_ID, "token": PAGE_TOKEN},
        ):
            token = settings.api_token_file.read_text().strip()
            async with http.post(
                f"http://127.0.0.1:{port}/api/v1/channels", json=body, headers={"Authorization": f"Bearer {token}"}
            ) as answer:
                assert answer.status in (200, 201), await answer.text()
        url = host.serve("/v/1.jpg", file(content, "image/jpeg"))

        await graph.customers.sends(PAGE_ID, PSID, {"type": "image", "payload": {"url": f"{url}?oh=1"}})
        await telegram.customers.sends(bot.token, grace.id, attachments.voice(bot, OGG))

        found = {each["mime_type"]: each for each in await eventually(api.media, all_stored(2))}
        assert set(found) == {"image/jpeg", "audio/ogg"}
        shown, disposition = await api.bytes(f"/media/{found['image/jpeg']['id']}")
        assert (shown, disposition.partition(";")[0]) == (content, "inline")
        assert found["image/jpeg"]["thumbnail"]
        heard, disposition = await api.bytes(f"/media/{found['audio/ogg']['id']}")
        assert (heard, disposition.partition(";")[0]) == (OGG, "inline")


async def test_a_site_that_is_killed_while_it_fetches_loses_nothing_and_leaves_nothing(
    telegram: TelegramSimulator, new_site_at: NewSite
) -> None:
    bot = telegram.add_bot(BOT_TOKEN, username="acme_bot")
    grace = telegram.add_user(id=50000001, first_name="Grace")
    site = await new_site_at("acme")
    await site.start()
    await site.command("channel", "add", "telegram", stdin=bot.token)
    folder = Path(site.env["ONSITE_DATA_DIR"]) / "media"
    held = telegram.faults.hold("download")

    await telegram.customers.sends(bot.token, grace.id, attachments.voice(bot, OGG))
    await eventually(lambda: asyncio.to_thread(files_in, folder / "incoming"), lambda left: len(left) == 1)
    await site.kill()
    assert len(files_in(folder / "incoming")) == 1
    held.set()
    await site.start()

    assert files_in(folder / "incoming") == []
    token = (Path(site.env["ONSITE_DATA_DIR"]) / "api-token").read_text().strip()
    async with aiohttp.ClientSession() as http:
        api = Api(http, site.base_url, token)
        (media,) = await eventually(api.media, all_stored(1))
        assert (await api.bytes(f"/media/{media['id']}"))[0] == OGG
    (shelf,) = (each for each in folder.iterdir() if each.name != "incoming")
    assert len(files_in(shelf)) == 1
    assert files_in(folder / "incoming") == []


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []
