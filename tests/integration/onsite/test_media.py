"""Customers' files, from the message to whoever looks at them: a whole site, and both platforms' files."""

import io
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image

from onsite.bootstrap import serving
from onsite.core.settings import OnsiteSettings
from tests.integration.onsite.command import Ended, run_onsite
from tests.integration.onsite.site import BOT_TOKEN, PAGE_ID, PAGE_TOKEN, PSID, USER_ID, RunningSite, wire_event
from tests.simulators.graph import GraphSimulator
from tests.simulators.telegram import TelegramSimulator, attachments
from tests.support.media_host import HOST, MediaHost, file, media_host, status
from tests.support.pictures import bomb_png, picture
from tests.world.watching import eventually

OGG = b"OggS\0\2" + bytes(22) + b"\x01\x13OpusHead" + bytes(range(256)) * 40
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
ADDRESS = f"https://{HOST}/v/1.jpg"


def _why(media: dict[str, Any]) -> str:
    return str(media["reason"]["code"])


class Desk:
    """A site with a page and a bot, and who writes to them."""

    def __init__(self, site: RunningSite, host: MediaHost) -> None:
        self.site, self.host = site, host
        self._sent = 0

    async def facebook(self, *urls: str, kind: str = "image", mid: str = "") -> None:
        """Have a Messenger customer send files."""
        self._sent += 1
        items = [{"type": kind, "payload": {"url": url}} for url in urls]
        message = {"mid": mid or f"m_{self._sent}", "attachments": items}
        people = {"sender": {"id": PSID}, "recipient": {"id": PAGE_ID}}
        event = wire_event(people | {"timestamp": 1_763_806_800_000 + self._sent, "message": message})
        code, _ = await self.site.push_events(event)
        assert code == 200

    async def telegram(self, content: dict[str, Any]) -> None:
        """Have a Telegram customer send something."""
        await self.site.telegram.customers.sends(BOT_TOKEN, USER_ID, content)

    async def media(self) -> list[dict[str, Any]]:
        """Return all contents, of all conversations."""
        conversations = (await self.site.get("/conversations"))["conversations"]
        pages = [await self.site.get(f"/conversations/{each['id']}/messages") for each in conversations]
        messages = [message for page in pages for message in page["messages"]]
        return [each["media"] for message in messages for each in message["attachments"]]

    async def settled(self) -> list[dict[str, Any]]:
        """Wait until each content is here or has a reason, and return them."""
        return await eventually(
            self.media,
            lambda found: bool(found) and all(each["state"] != "pending" or each["reason"] for each in found),
        )

    async def only(self, state: str = "stored") -> dict[str, Any]:
        """Return the only content, once it is in this state."""
        (found,) = await eventually(self.media, lambda found: [each["state"] for each in found] == [state])
        return found

    async def download(self, path: str, *, token: bool = True, **more: str) -> tuple[int, Mapping[str, str], bytes]:
        """Fetch below /api/v1/media; returns status, headers and body."""
        bearer = self.site.settings.api_token_file.read_text().strip()
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        headers |= {"Authorization": f"Bearer {bearer}"} if token else {}
        async with self.site.http.get(f"{self.site.url}/api/v1/media{path}", headers=headers) as answer:
            return answer.status, answer.headers, await answer.read()

    def files(self) -> set[str]:
        """Return all files of contents, without their thumbnails and without those that have no name yet."""
        folder = self.site.settings.media_folder
        found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        return {each for each in found if not each.endswith(".thumbnail") and not each.startswith("incoming")}


@pytest.fixture
async def desk(
    settings: OnsiteSettings, graph: GraphSimulator, telegram: TelegramSimulator, tmp_path: Path
) -> AsyncIterator[Desk]:
    async with (
        media_host(tmp_path) as (host, door),
        serving(settings, media_door=door) as port,
        aiohttp.ClientSession() as http,
    ):
        site = RunningSite(settings, f"http://127.0.0.1:{port}", http, graph, telegram)
        await site.call("POST", "/channels", {"platform": "telegram", "token": BOT_TOKEN})
        await site.call("POST", "/channels", {"platform": "facebook", "page_id": PAGE_ID, "token": PAGE_TOKEN})
        yield Desk(site, host)


async def test_a_picture_from_messenger_is_here_with_a_thumbnail(desk: Desk) -> None:
    content = picture("JPEG", size=(1600, 800))
    await desk.facebook(desk.host.serve("/v/1.jpg", file(content, "image/jpeg")))

    media = await desk.only()

    assert (media["mime_type"], media["size_bytes"], media["thumbnail"]) == ("image/jpeg", len(content), True)
    code, headers, body = await desk.download(f"/{media['id']}")
    assert (code, body) == (200, content)
    assert headers["Content-Type"] == "image/jpeg"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["Content-Disposition"].startswith("inline; ")
    assert headers["Cache-Control"].startswith("private")
    code, headers, body = await desk.download(f"/{media['id']}/thumbnail")
    assert (code, headers["Content-Type"], headers["X-Content-Type-Options"]) == (200, "image/jpeg", "nosniff")
    assert Image.open(io.BytesIO(body)).size == (512, 256)


async def test_a_voice_message_from_telegram_is_here_and_can_be_wound_forward(desk: Desk) -> None:
    bot = desk.site.telegram.world.bot(BOT_TOKEN)
    await desk.telegram(attachments.voice(bot, OGG))

    media = await desk.only()

    assert (media["mime_type"], media["thumbnail"]) == ("audio/ogg", False)
    code, headers, body = await desk.download(f"/{media['id']}", Range="bytes=100-199")
    assert (code, body) == (206, OGG[100:200])
    assert headers["Content-Range"] == f"bytes 100-199/{len(OGG)}"
    assert (await desk.download(f"/{media['id']}/thumbnail"))[0] == 404
    etag = headers["ETag"]
    assert (await desk.download(f"/{media['id']}", If_None_Match=etag))[0] == 304


@pytest.mark.parametrize(
    ("content", "mime_type"),
    [
        pytest.param(SVG, "image/svg+xml", id="SVG with a script"),
        pytest.param(b"<!doctype html><script>alert(1)</script>", "text/html", id="HTML"),
        pytest.param(bomb_png(), "image/png", id="a picture that is a bomb"),
        pytest.param(b"%PDF-1.7", "application/pdf", id="PDF"),
    ],
)
async def test_what_could_do_harm_is_only_ever_downloaded_whatever_it_is_called(
    desk: Desk, content: bytes, mime_type: str
) -> None:
    await desk.facebook(desk.host.serve("/v/1.png", file(content, "image/png")))

    media = await desk.only()

    assert (media["mime_type"], media["thumbnail"]) == (mime_type, False)
    _, headers, body = await desk.download(f"/{media['id']}")
    assert body == content
    assert headers["Content-Disposition"].startswith("attachment; ")
    assert (headers["X-Content-Type-Options"], headers["Content-Type"]) == ("nosniff", mime_type)
    assert "sandbox" in headers["Content-Security-Policy"]


async def test_nobody_gets_a_file_without_the_token(desk: Desk) -> None:
    await desk.facebook(desk.host.serve("/v/1.jpg", file(picture())))
    media = await desk.only()

    for path in ("", f"/{media['id']}", f"/{media['id']}/thumbnail"):
        assert (await desk.download(path, token=False))[0] == 401
    assert (await desk.site.call("GET", "/media/999"))[0] == 404
    assert (await desk.download("/..%2f..%2fapi-token"))[0] == 404


async def test_a_document_keeps_its_name(desk: Desk) -> None:
    bot = desk.site.telegram.world.bot(BOT_TOKEN)
    await desk.telegram(attachments.document(bot, b"%PDF-1.7", file_name="Angebot für Müller.pdf"))

    _, headers, _ = await desk.download(f"/{(await desk.only())['id']}")

    assert "filename*=UTF-8''Angebot%20f%C3%BCr%20M%C3%BCller.pdf" in headers["Content-Disposition"]


async def test_the_same_picture_twice_is_one_file(desk: Desk) -> None:
    url = desk.host.serve("/v/1.jpg", file(picture()))
    await desk.facebook(url, f"{url}?again")
    await desk.facebook(f"{url}?once-more")

    found = await eventually(desk.media, lambda found: [each["state"] for each in found] == ["stored"] * 3)

    assert len({each["id"] for each in found}) == 3
    assert len(desk.files()) == 1


async def test_a_file_too_large_for_bots_fails_with_a_sentence_and_an_expired_token_waits(desk: Desk) -> None:
    bot = desk.site.telegram.world.bot(BOT_TOKEN)
    await desk.telegram(attachments.document(bot, b"x", file_name="a.zip", size=30 * 1024 * 1024))

    media = await desk.only("failed")

    assert media["reason"]["code"] == "too_large"
    assert "20 MB" in media["reason"]["sentence"]
    code, answer = await desk.site.call("GET", f"/media/{media['id']}")
    assert (code, answer["error"]["code"]) == (404, "not_here")
    assert "20 MB" in answer["error"]["message"]


async def test_what_failed_is_listed_counted_and_fetched_when_somebody_asks(desk: Desk) -> None:
    await desk.facebook(ADDRESS, mid="m_unknown")
    media = await desk.only("failed")
    assert media["reason"]["code"] == "gone"

    (listed,) = (await desk.site.get("/media"))["media"]
    assert (listed["id"], listed["state"], listed["kind"]) == (media["id"], "failed", "image")
    assert (await desk.site.get("/status"))["media"] == {"pending": 0, "failed": 1}
    async with desk.site.http.get(f"{desk.site.url}/metrics") as answer:
        metrics = await answer.text()
    assert 'onsite_media{state="failed"} 1.0' in metrics
    assert 'onsite_media_fetches_total{platform="facebook",result="gone"} 1.0' in metrics

    desk.host.serve("/v/1.jpg", file(picture()))
    assert (await desk.site.call("POST", f"/media/{media['id']}/retry", {}))[0] == 202
    await desk.only()
    assert (await desk.site.call("POST", "/media/retry", {})) == (202, {"waiting": 0})
    assert (await desk.site.get("/media"))["media"] == []


async def test_an_admin_sees_what_is_missing_and_has_it_fetched_again(desk: Desk, tmp_path: Path) -> None:
    env = {"ONSITE_DATA_DIR": str(desk.site.settings.data_dir), "ONSITE_PORT": desk.site.url.rpartition(":")[2]}

    async def run(*args: str) -> Ended:
        ended = await run_onsite(*args, env=env, cwd=str(tmp_path))
        assert (ended.code, ended.err) == (0, "")
        return ended

    assert "Nothing is missing" in (await run("media", "list")).out
    await desk.facebook(ADDRESS, mid="m_unknown")
    media = await desk.only("failed")

    assert "Facebook does not have the file any more." in (await run("media", "list")).out
    (listed,) = (await run("media", "list", "--json")).document["media"]
    assert (listed["id"], listed["reason"]["code"]) == (media["id"], "gone")
    assert "1 could not be had (`onsite media list`)" in (await run("status")).out

    desk.host.serve("/v/1.jpg", file(picture()))
    assert "1 files are fetched now" in (await run("media", "retry")).out
    await desk.only()
    assert "is here already" in (await run("media", "retry", str(media["id"]))).out
    assert "Customers' files" not in (await run("status")).out
    unknown = await run_onsite("media", "retry", "99", env=env, cwd=str(tmp_path))
    assert (unknown.code, "there is no media 99" in unknown.err) == (1, True)


async def test_what_does_not_come_now_waits_and_says_why(desk: Desk) -> None:
    desk.host.serve("/v/1.jpg", status(500))
    await desk.facebook(ADDRESS)

    (media,) = await eventually(desk.media, lambda found: bool(found[0]["reason"]) and _why(found[0]) == "unreachable")

    assert media["state"] == "pending"
    desk.host.serve("/v/1.jpg", file(picture()))
    assert (await desk.site.call("POST", "/media/retry", {})) == (202, {"waiting": 1})
    await desk.only()


async def test_neither_log_nor_answers_show_a_token_of_a_file(
    desk: Desk, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    bot = desk.site.telegram.world.bot(BOT_TOKEN)
    desk.site.telegram.faults.add("download", status=502, body="no", times=1)
    desk.site.telegram.faults.drop("getFile")
    await desk.telegram(attachments.voice(bot, OGG))
    await desk.telegram(attachments.voice(bot, OGG + b"2"))
    await desk.facebook(f"{ADDRESS}?oh=SIGNATURE")

    found = await desk.settled()

    written = caplog.text + "".join(capfd.readouterr()) + str([each["reason"] for each in found])
    assert BOT_TOKEN.partition(":")[2] not in written
    assert "SIGNATURE" not in written
