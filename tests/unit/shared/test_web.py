"""What the HTTP sides have in common: bounded bodies, bearer tokens, errors as JSON."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

import shared.web
from shared.errors import UserError
from shared.runtime import listening
from shared.web import Handler, RequestRefused, answer_errors, json_error, read_body, read_json, require_bearer
from tests.support.logs import written_logs
from tests.support.waiting import process_does, soon

LIMIT = 1000
Client = TestClient[web.Request, web.Application]


@asynccontextmanager
async def serving(handler: Handler, *, path: str = "/") -> AsyncIterator[Client]:
    app = web.Application(middlewares=[answer_errors])
    app.router.add_route("*", path, handler)
    async with TestClient(TestServer(app)) as client:
        yield client


async def measure(request: web.Request) -> web.Response:
    return web.json_response({"size": len(await read_body(request, limit=LIMIT))})


async def lost(request: web.Request) -> bool:
    """Whether the caller has closed the connection."""
    return request.transport is None


async def chunks(total: int) -> AsyncIterator[bytes]:
    for _ in range(total // 100):
        yield b"x" * 100
    yield b"x" * (total % 100)


class TestReadBody:
    @pytest.mark.parametrize("size", [0, 1, LIMIT])
    @pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
    async def test_a_body_up_to_the_limit_is_read(self, size: int, chunked: bool) -> None:  # noqa: FBT001  a row
        async with serving(measure) as client:
            answer = await client.post("/", data=chunks(size) if chunked else b"x" * size)
            assert (answer.status, await answer.json()) == (200, {"size": size})

    @pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
    async def test_a_larger_body_is_refused(self, chunked: bool) -> None:  # noqa: FBT001  a row
        async with serving(measure) as client:
            answer = await client.post("/", data=chunks(LIMIT + 1) if chunked else b"x" * (LIMIT + 1))

            assert answer.status == 413
            assert await answer.json() == {
                "error": {"code": "too_large", "message": "the body is larger than 1000 bytes"}
            }

    async def test_a_body_is_refused_before_it_is_sent_when_its_length_says_enough(self) -> None:
        never_sent = b"x" * 1000
        async with serving(measure) as client:
            url = client.make_url("/")
            reader, writer = await asyncio.open_connection(url.host, url.port)
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n" + never_sent)
            assert b" 413 " in await reader.readline()
            writer.close()
            await writer.wait_closed()

    @pytest.mark.parametrize("coding", ["gzip", "deflate", "x-unknown"])
    async def test_a_packed_body_is_refused_unread(self, coding: str) -> None:
        async with serving(measure) as client:
            answer = await client.post("/", data=gzip.compress(b"0"), headers={"Content-Encoding": coding})
            assert (answer.status, (await answer.json())["error"]["code"]) == (415, "packed_body")

    async def test_a_body_that_is_called_unpacked_is_read(self) -> None:
        async with serving(measure) as client:
            answer = await client.post("/", data=b"0", headers={"Content-Encoding": "identity"})
            assert await answer.json() == {"size": 1}

    @pytest.mark.parametrize("length", ["Content-Length: 10", "Transfer-Encoding: chunked"])
    async def test_a_body_that_is_held_back_is_given_up(self, monkeypatch: pytest.MonkeyPatch, length: str) -> None:
        monkeypatch.setattr(shared.web, "BODY_TIMEOUT_S", 0.05)
        async with serving(measure) as client:
            url = client.make_url("/")
            reader, writer = await asyncio.open_connection(url.host, url.port)
            writer.write(f"POST / HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n".encode())
            assert b" 408 " in await reader.readline()
            writer.close()
            await writer.wait_closed()

    @pytest.mark.parametrize("sent", [b"", b"x" * 10], ids=["without its body", "with its body"])
    async def test_a_caller_who_has_gone_is_no_fault_of_ours(self, sent: bytes) -> None:
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def measure_late(request: web.Request) -> web.Response:
            await process_does(lambda: lost(request))
            try:
                return await measure(request)
            except RequestRefused as refused:
                ended.set_result(refused.code)
                raise

        with written_logs() as logs:
            app = web.Application(middlewares=[answer_errors])
            app.router.add_post("/", measure_late)
            async with listening(app, host="127.0.0.1", port=0) as port:  # as the product serves: handlers go on
                _reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n" + sent)
                writer.close()
                await writer.wait_closed()
                assert await soon(ended) == "caller_gone"

        assert not [line for line in logs.lines if line["event"] == "request_failed"]


class TestReadJson:
    @staticmethod
    async def echo(request: web.Request) -> web.Response:
        return web.json_response(await read_json(request, limit=200_000))

    async def test_an_object_is_read(self) -> None:
        async with serving(self.echo) as client:
            assert await (await client.post("/", data=b'{"a": [1, "\xc3\xa4"]}')).json() == {"a": [1, "\u00e4"]}

    @pytest.mark.parametrize(
        ("body", "status", "words"),
        [
            pytest.param(b"", 400, "is not JSON", id="nothing"),
            pytest.param(b"a=1", 400, "is not JSON", id="a form"),
            pytest.param(b"\xff", 400, "is not JSON", id="no text"),
            pytest.param(b"[" * 150_000, 400, "is not JSON", id="nested without end"),
            pytest.param(b"[]", 400, "is JSON, but no object", id="a list"),
            pytest.param(b"null", 400, "is JSON, but no object", id="null"),
            pytest.param(b'"' + b"a" * 200_000 + b'"', 413, "larger than 200000 bytes", id="too large"),
        ],
    )
    async def test_anything_else_is_refused(self, body: bytes, status: int, words: str) -> None:
        async with serving(self.echo) as client:
            answer = await client.post("/", data=body)

            assert answer.status == status
            assert words in (await answer.json())["error"]["message"]


class TestRequireBearer:
    TOKEN = SecretStr("token-\u00e4-example")

    async def ask(self, headers: list[tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
        """Ask byte by byte, as a client library would not let us send what attackers send."""

        async def secret(_request: web.Request) -> web.Response:
            return web.Response(text="inside")

        async with serving(require_bearer(self.TOKEN)(secret)) as client:
            url = client.make_url("/")
            reader, writer = await asyncio.open_connection(url.host, url.port)
            lines = [b"GET / HTTP/1.1", b"Host: x", b"Connection: close", *(b": ".join(pair) for pair in headers)]
            writer.write(b"\r\n".join(lines) + b"\r\n\r\n")
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
            writer.close()
            await writer.wait_closed()
            return head, body

    @pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER   "])
    async def test_the_token_opens(self, scheme: str) -> None:
        head, body = await self.ask([(b"Authorization", f"{scheme}{self.TOKEN.get_secret_value()}".encode())])

        assert (head.split(b" ")[1], body) == (b"200", b"inside")

    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param([], id="none"),
            pytest.param([(b"Authorization", b"")], id="an empty one"),
            pytest.param([(b"Authorization", b"Bearer")], id="no token"),
            pytest.param([(b"Authorization", b"Bearer ")], id="an empty token"),
            pytest.param([(b"Authorization", "token-\u00e4-example".encode())], id="no scheme"),
            pytest.param([(b"Authorization", "Basic token-\u00e4-example".encode())], id="another scheme"),
            pytest.param([(b"Authorization", b"Bearer token-a-example")], id="another token"),
            pytest.param([(b"Authorization", "Bearer token-\u00e4-exampl".encode())], id="the beginning of the token"),
            pytest.param([(b"Authorization", "Bearer token-\u00e4-example2".encode())], id="more than the token"),
            pytest.param([(b"Authorization", b"Bearer \xff\xfe\xed\xa0\x80")], id="no text"),
            pytest.param(
                [(b"Authorization", b"Bearer no"), (b"Authorization", "Bearer token-\u00e4-example".encode())],
                id="a second header",
            ),
        ],
    )
    async def test_nothing_else_does(self, headers: list[tuple[bytes, bytes]]) -> None:
        head, body = await self.ask(headers)

        assert head.split(b" ")[1] == b"401"
        assert b"www-authenticate: bearer" in head.lower()
        assert b'"code": "unauthorized"' in body
        assert b"inside" not in body


def raising(error: Callable[[], BaseException]) -> Handler:
    async def handler(_request: web.Request) -> web.StreamResponse:
        raise error()

    return handler


class TestAnswerErrors:
    @pytest.mark.parametrize(
        ("error", "status", "code", "message"),
        [
            (lambda: RequestRefused(422, "odd", "it is odd"), 422, "odd", "it is odd"),
            (lambda: UserError("mend it"), 409, "refused", "mend it"),
            (web.HTTPNotFound, 404, "not_found", "404: Not Found"),
            (lambda: web.HTTPMethodNotAllowed("GET", ["POST"]), 405, "method_not_allowed", "405: Method Not Allowed"),
            (lambda: web.HTTPRequestEntityTooLarge(1, 2), 413, "request_entity_too_large", "413: "),
        ],
        ids=["a refusal", "a person's mistake", "not found", "another method", "too large"],
    )
    async def test_what_is_raised_becomes_json(
        self, error: Callable[[], BaseException], status: int, code: str, message: str
    ) -> None:
        async with serving(raising(error)) as client:
            answer = await client.get("/")
            told = (await answer.json())["error"]

            assert (answer.status, told["code"]) == (status, code)
            assert told["message"].startswith(message)

    async def test_a_redirect_is_no_error(self) -> None:
        async with serving(raising(lambda: web.HTTPFound("/elsewhere"))) as client:
            answer = await client.get("/", allow_redirects=False)
            assert (answer.status, answer.headers["Location"]) == (302, "/elsewhere")

    async def test_a_fault_of_ours_tells_the_log_and_not_the_caller(self) -> None:
        with written_logs() as logs:
            async with serving(raising(lambda: ZeroDivisionError("inner detail")), path="/connect/{ticket}") as client:
                answer = await client.get("/connect/hush-ticket")
                body = await answer.text()

        assert answer.status == 500
        assert "internal" in body
        assert "inner detail" not in body
        (line,) = [line for line in logs.lines if line["event"] == "request_failed"]
        assert (line["method"], line["route"]) == ("GET", "/connect/{ticket}")
        assert "inner detail" in line["exception"]
        assert "hush-ticket" not in logs.text

    async def test_an_unknown_address_is_not_found_in_json(self) -> None:
        async with serving(measure) as client:
            answer = await client.get("/nowhere")
            assert (answer.status, (await answer.json())["error"]["code"]) == (404, "not_found")


def test_an_error_may_carry_headers() -> None:
    answer = json_error(503, "away", "later", Retry_After="2")

    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
