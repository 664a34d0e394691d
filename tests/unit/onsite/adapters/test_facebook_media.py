"""Fetching from Facebook's media servers, over real TLS, from servers that are well-behaved and others that are not."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from onsite.adapters.downloads import new_download_session
from onsite.adapters.facebook_media import FacebookMedia
from onsite.adapters.graph_client import GraphClient
from onsite.core.media.retries import Failure
from onsite.core.media.troubles import MediaTrouble
from onsite.core.model import AttachmentKind, Platform
from onsite.engine.channels import ChannelRef, Credentials
from onsite.engine.media import FetchFailed, Wanted
from tests.simulators.graph import GraphSimulator
from tests.support.media_host import Answer, MediaHost, endless, file, media_host, raw, silent, status
from tests.support.waiting import soon

PAGE_ID, PSID, TOKEN = "1122", "9001", "EAA" + "t" * 40
LIMIT = 100_000
CREDENTIALS = Credentials(SecretStr(TOKEN))
OK = b"HTTP/1.1 200 OK"


class Bench:
    """A site's way to Facebook's files, and what lies there."""

    def __init__(self, source: FacebookMedia, host: MediaHost, graph: GraphSimulator) -> None:
        self.source, self.host, self.graph = source, host, graph

    async def fetch(self, url: str, *, mid: str = "m_1", credentials: Credentials | None = CREDENTIALS) -> bytes:
        channel = ChannelRef(Platform.FACEBOOK, PAGE_ID)
        wanted = Wanted(1, 1, channel, AttachmentKind.IMAGE, mid, 0, url, "", 0)
        read = bytearray()
        async with aclosing(self.source.chunks(wanted, credentials, limit_bytes=LIMIT)) as chunks:
            async for chunk in chunks:
                read += chunk
        return bytes(read)

    async def failure(self, url: str, *, mid: str = "m_1", credentials: Credentials | None = CREDENTIALS) -> Failure:
        with pytest.raises(FetchFailed) as failed:
            await soon(self.fetch(url, mid=mid, credentials=credentials))
        assert "oh=" not in failed.value.failure.sentence
        assert failed.value.__context__ is None or failed.value.__suppress_context__
        return failed.value.failure

    async def trouble(self, url: str) -> MediaTrouble:
        return (await self.failure(url)).trouble


@asynccontextmanager
async def bench_in(folder: Path) -> AsyncIterator[Bench]:
    async with media_host(folder) as (host, door), GraphSimulator() as graph:
        graph.add_page(PAGE_ID, name="Acme", token=TOKEN)
        graph.add_person(page_id=PAGE_ID, psid=PSID, name="Ada")
        async with aiohttp.ClientSession() as platform, new_download_session(door) as outside:
            yield Bench(FacebookMedia(GraphClient(platform, base_url=graph.url), outside), host, graph)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench_in(tmp_path) as bench:
        yield bench


async def test_a_file_comes_as_it_is(bench: Bench) -> None:
    url = bench.host.serve("/v/1.jpg", file(b"picture" * 1000))

    assert await bench.fetch(f"{url}?oh=1&oe=2") == b"picture" * 1000
    assert bench.host.asked == ["/v/1.jpg?oh=1&oe=2"]
    (head,) = bench.host.heads
    assert "Accept-Encoding: identity" in head
    assert "Cookie" not in head
    assert TOKEN not in head


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        pytest.param(status(302, "Location: https://127.0.0.1/"), MediaTrouble.NOT_ALLOWED, id="a redirect inside"),
        pytest.param(
            status(301, "Location: https://scontent.xx.fbcdn.net/other"), MediaTrouble.NOT_ALLOWED, id="any redirect"
        ),
        pytest.param(status(429, "Retry-After: 60"), MediaTrouble.THROTTLED, id="asks for a pause"),
        pytest.param(status(500), MediaTrouble.UNREACHABLE, id="has a fault"),
        pytest.param(status(206), MediaTrouble.UNREACHABLE, id="gives a part"),
        pytest.param(file(b"x" * (LIMIT + 1)), MediaTrouble.TOO_LARGE, id="says that it is too large"),
        pytest.param(raw(OK, b"abc", "Content-Length: 10"), MediaTrouble.CUT_OFF, id="ends before its length"),
        pytest.param(
            raw(OK, b"5\r\nhello\r\n", "Transfer-Encoding: chunked"), MediaTrouble.CUT_OFF, id="ends in its middle"
        ),
        pytest.param(
            raw(OK, gzip.compress(bytes(10**7)), "Content-Encoding: gzip", "Content-Length: 9740"),
            MediaTrouble.UNREACHABLE,
            id="packed, though nobody asked",
        ),
        pytest.param(silent(), MediaTrouble.TOO_SLOW, id="says nothing"),
        pytest.param(silent(OK + b"\r\nContent-Length: 10\r\n\r\nabc"), MediaTrouble.TOO_SLOW, id="falls silent"),
        pytest.param(raw(b"SSH-2.0-OpenSSH_9.2", b""), MediaTrouble.UNREACHABLE, id="speaks something else"),
        pytest.param(raw(b"", b""), MediaTrouble.UNREACHABLE, id="hangs up"),
    ],
)
async def test_whatever_is_no_whole_file_is_a_failure_with_a_reason(
    bench: Bench, answer: Answer, trouble: MediaTrouble
) -> None:
    assert await bench.trouble(bench.host.serve("/v/1.jpg", answer)) is trouble


async def test_a_file_that_trickles_for_ever_is_given_up_when_its_time_is_over(bench: Bench) -> None:
    async def trickle(writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)  # what is tested is slowness itself

    assert await bench.trouble(bench.host.serve("/v/1.jpg", trickle)) is MediaTrouble.TOO_SLOW


async def test_a_file_without_end_is_read_only_as_far_as_somebody_wants_it(bench: Bench) -> None:
    url = bench.host.serve("/v/1.jpg", endless())
    channel = ChannelRef(Platform.FACEBOOK, PAGE_ID)
    wanted = Wanted(1, 1, channel, AttachmentKind.IMAGE, "m_1", 0, url, "", 0)
    read = 0

    async with aclosing(bench.source.chunks(wanted, CREDENTIALS, limit_bytes=LIMIT)) as chunks:
        async for chunk in chunks:
            read += len(chunk)
            assert len(chunk) <= 64 * 1024
            if read > LIMIT:
                break

    assert read <= LIMIT + 64 * 1024


@pytest.mark.parametrize("address", ["127.0.0.2", "10.0.0.1", "169.254.169.254", "0.0.0.0"])  # noqa: S104  refused
async def test_a_name_that_leads_inside_is_refused_and_named(bench: Bench, address: str) -> None:
    url = bench.host.serve("/v/1.jpg", file(b"x"))
    bench.host.leads_to(address)

    failure = await bench.failure(url)

    assert failure.trouble is MediaTrouble.NOT_ALLOWED
    assert f"leads to {address}, " in failure.sentence
    assert bench.host.asked == []


async def test_a_server_without_facebooks_certificate_is_not_spoken_to(bench: Bench) -> None:
    bench.host.serve("/v/1.jpg", file(b"x"))

    failure = await bench.failure("https://cdn.fbsbx.com/v/1.jpg")

    assert failure.trouble is MediaTrouble.UNREACHABLE
    assert "Certificate" in failure.sentence
    assert bench.host.asked == []


@pytest.mark.parametrize("url", ["http://scontent.xx.fbcdn.net/1", "https://127.0.0.1/1", "https://example.com/1"])
async def test_an_address_elsewhere_is_not_asked(bench: Bench, url: str) -> None:
    assert await bench.trouble(url) is MediaTrouble.NOT_ALLOWED
    assert bench.host.asked == []


class TestAnAddressThatIsOver:
    """Facebook's addresses are signed and end; the message itself has a fresh one."""

    async def message(self, bench: Bench, *urls: str) -> str:
        """Have the customer send pictures, and return the message's id."""
        attachments = [{"type": "image", "payload": {"url": url}} for url in urls]
        await bench.graph.customers.sends(PAGE_ID, PSID, *attachments)
        return bench.graph.world.said[-1].mid

    @pytest.mark.parametrize("code", [403, 404, 410])
    async def test_the_fresh_one_is_taken(self, bench: Bench, code: int) -> None:
        bench.host.serve("/v/1.jpg", status(code))
        bench.host.serve("/v/1.jpg?oh=new", file(b"the picture"))
        mid = await self.message(bench, "https://scontent.xx.fbcdn.net/v/1.jpg?oh=new")

        assert await bench.fetch("https://scontent.xx.fbcdn.net/v/1.jpg?oh=old", mid=mid) == b"the picture"
        assert bench.host.asked == ["/v/1.jpg?oh=old", "/v/1.jpg?oh=new"]

    async def test_a_fresh_one_that_is_refused_as_well_is_the_end_of_this_try(self, bench: Bench) -> None:
        bench.host.serve("/v/1.jpg", status(403))
        mid = await self.message(bench, "https://scontent.xx.fbcdn.net/v/1.jpg?oh=new")

        failure = await bench.failure("https://scontent.xx.fbcdn.net/v/1.jpg?oh=old", mid=mid)

        assert failure.trouble is MediaTrouble.EXPIRED
        assert len(bench.host.asked) == 2

    async def test_a_fresh_one_that_leads_elsewhere_is_not_followed(self, bench: Bench) -> None:
        mid = await self.message(bench, "https://evil.example/v/1.jpg")

        failure = await bench.failure("https://scontent.xx.fbcdn.net/v/1.jpg", mid=mid)

        assert failure.trouble is MediaTrouble.EXPIRED
        assert len(bench.host.asked) == 1

    async def test_a_message_that_is_gone_is_the_end(self, bench: Bench) -> None:
        failure = await bench.failure("https://scontent.xx.fbcdn.net/v/1.jpg", mid="m_unknown")

        assert failure.trouble is MediaTrouble.GONE

    async def test_without_a_token_nobody_is_asked(self, bench: Bench) -> None:
        url = "https://scontent.xx.fbcdn.net/v/1.jpg"

        assert (await bench.failure(url, credentials=None)).trouble is MediaTrouble.NO_TOKEN
        dead = replace(CREDENTIALS, token=SecretStr("EAA" + "x" * 40))
        assert (await bench.failure(url, credentials=dead)).trouble is MediaTrouble.NO_TOKEN
