"""Which requests are plain, and that a plain one means to aiohttp what it means to us."""

import asyncio

import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_parser import HttpRequestParser
from hypothesis import given
from hypothesis import strategies as st

from relay.web.plain_request import MAX_HEAD_BYTES, MAX_PART_BYTES, NotRead, PlainRequest, read_plain

SIGNATURE = "sha256=" + "0a" * 32
BODY = b'{"object":"page"}'
FIELDS = ("Host: relay.example.com", f"X-Hub-Signature-256: {SIGNATURE}", f"Content-Length: {len(BODY)}")


def written(*fields: str, line: str = "POST /facebook/webhook HTTP/1.1", body: bytes = BODY) -> bytes:
    """Write a request."""
    return "\r\n".join([line, *fields, "", ""]).encode("latin-1") + body


class TestPlain:
    def test_metas_request_is_read(self) -> None:
        more = ("User-Agent: facebookexternalua", "Accept: */*", "Content-Type: application/json")
        assert read_plain(written(*FIELDS, *more)) == PlainRequest(SIGNATURE, BODY)

    def test_a_request_without_a_signature_is_plain_too_and_will_be_refused(self) -> None:
        assert read_plain(written(FIELDS[0], FIELDS[2])) == PlainRequest(None, BODY)

    @pytest.mark.parametrize(
        "fields",
        [
            pytest.param([name.upper() for name in FIELDS[:1]] + list(FIELDS[1:]), id="names in capitals"),
            pytest.param([field.lower() for field in FIELDS], id="names in small letters"),
            pytest.param([field.replace(": ", ":") for field in FIELDS], id="no space after the colon"),
            pytest.param([field.replace(": ", ": \t ") + " \t" for field in FIELDS], id="much space"),
            pytest.param([*FIELDS, "Connection: Keep-Alive"], id="a connection that is kept"),
            pytest.param([*FIELDS, "Accept-Encoding: deflate, gzip"], id="an answer that may be packed"),
            pytest.param([*FIELDS, "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"], id="behind a proxy"),
        ],
    )
    def test_what_means_the_same_is_read_the_same(self, fields: list[str]) -> None:
        assert read_plain(written(*fields)) == PlainRequest(SIGNATURE, BODY)

    def test_a_body_may_be_empty(self) -> None:
        assert read_plain(written("Host: x", "Content-Length: 0", body=b"")) == PlainRequest(None, b"")

    def test_a_body_that_looks_like_a_request_is_a_body(self) -> None:
        body = b"\r\n\r\n" + written(*FIELDS)
        request = written("Host: x", f"Content-Length: {len(body)}", body=body)
        assert read_plain(request) == PlainRequest(None, body)


class TestNotPlain:
    @pytest.mark.parametrize(
        "line",
        [
            "GET /facebook/webhook HTTP/1.1",
            "post /facebook/webhook HTTP/1.1",
            "POST /facebook/webhook HTTP/1.0",
            "POST /facebook/webhook HTTP/1.1 ",
            "POST  /facebook/webhook HTTP/1.1",
            "POST /facebook/webhook?a=b HTTP/1.1",
            "POST /facebook/webhook/ HTTP/1.1",
            "POST /facebook//webhook HTTP/1.1",
            "POST /Facebook/webhook HTTP/1.1",
            "POST http://relay.example.com/facebook/webhook HTTP/1.1",
            "POST /admin/v1/sites HTTP/1.1",
            " POST /facebook/webhook HTTP/1.1",
            "\r\nPOST /facebook/webhook HTTP/1.1",
            "PRI * HTTP/2.0",
            "",
        ],
    )
    def test_another_request_line(self, line: str) -> None:
        assert read_plain(written(*FIELDS, line=line)) is NotRead.OTHER

    @pytest.mark.parametrize(
        "fields",
        [
            pytest.param(FIELDS[1:], id="no host"),
            pytest.param(FIELDS[:2], id="no length"),
            pytest.param((*FIELDS, FIELDS[0]), id="two hosts"),
            pytest.param((*FIELDS, FIELDS[1]), id="two signatures"),
            pytest.param((*FIELDS, FIELDS[2]), id="two lengths"),
            pytest.param((*FIELDS, "content-length: 5"), id="two lengths that differ"),
            pytest.param((*FIELDS, "Transfer-Encoding: chunked"), id="chunks"),
            pytest.param((*FIELDS, "transfer-encoding: identity"), id="an odd transfer encoding"),
            pytest.param((*FIELDS, "Content-Encoding: gzip"), id="a packed body"),
            pytest.param((*FIELDS, "Expect: 100-continue"), id="a sender that waits to be asked"),
            pytest.param((*FIELDS, "Upgrade: h2c"), id="another protocol"),
            pytest.param((*FIELDS, "Connection: close"), id="the last request"),
            pytest.param((*FIELDS, "Connection: keep-alive, Upgrade"), id="a list of options"),
            pytest.param((*FIELDS, " folded"), id="a folded field"),
            pytest.param((*FIELDS, "no colon"), id="a line that is no field"),
            pytest.param((*FIELDS, ": nothing"), id="a field without a name"),
            pytest.param((*FIELDS[:2], f"Content-Length : {len(BODY)}"), id="space before the colon"),
            pytest.param((*FIELDS[:2], f"Content-Length: +{len(BODY)}"), id="a length with a sign"),
            pytest.param((*FIELDS[:2], f"Content-Length: 0{len(BODY)}"), id="a length with a zero before it"),
            pytest.param((*FIELDS[:2], f"Content-Length: {len(BODY)}, {len(BODY)}"), id="a list of lengths"),
            pytest.param((*FIELDS[:2], "Content-Length: 0x11"), id="a length in hex"),
            pytest.param((*FIELDS[:2], "Content-Length: \u00b2"), id="a digit that is none"),
            pytest.param((*FIELDS, "X-Note: caf\u00e9"), id="bytes beyond ASCII"),
            pytest.param((*FIELDS, "X-Note: a\x00b"), id="a NUL"),
            pytest.param((*FIELDS, "X-Note: a\rb"), id="a lone carriage return"),
            pytest.param((*FIELDS, "X-Note: a\nTransfer-Encoding: chunked"), id="a lone line feed"),
            pytest.param((*FIELDS, *(f"X-{number}: 1" for number in range(64))), id="many fields"),
            pytest.param((*FIELDS, "X-Note: " + "a" * MAX_HEAD_BYTES), id="a long field"),
        ],
    )
    def test_a_head_that_could_mean_something_else(self, fields: tuple[str, ...]) -> None:
        assert read_plain(written(*fields)) is NotRead.OTHER

    def test_a_second_request_behind_the_first(self) -> None:
        assert read_plain(written(*FIELDS) * 2) is NotRead.OTHER
        assert read_plain(written(*FIELDS) + b"\r\n") is NotRead.OTHER


class TestPart:
    WHOLE = written(*FIELDS)

    @pytest.mark.parametrize("missing", range(1, len(BODY) + 1))
    def test_a_body_may_come_after_its_head(self, missing: int) -> None:
        assert read_plain(self.WHOLE[:-missing]) is NotRead.PART

    @pytest.mark.parametrize("come", range(len(WHOLE) - len(BODY)))
    def test_a_head_is_waited_for(self, come: int) -> None:
        assert read_plain(self.WHOLE[:come]) is NotRead.HEAD

    @pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\nHost: a\r\n", b"\r\nPOST", b"\r\n\r\n", b"A" * 20_000])
    def test_also_one_of_another_request(self, data: bytes) -> None:
        assert read_plain(data) is NotRead.HEAD

    @pytest.mark.parametrize("data", [b"\x16\x03\x01", b"\x00", b"get /", b"GET / HTTP/1.1\n\n", b"POST\r\n\r\n"])
    def test_but_not_what_can_be_judged_by_now(self, data: bytes) -> None:
        assert read_plain(data) is NotRead.OTHER

    def test_not_much_is_kept_while_the_rest_is_waited_for(self) -> None:
        head = written("Host: x", "Content-Length: 100000000", body=b"")
        assert read_plain(head + bytes(MAX_PART_BYTES - len(head))) is NotRead.PART
        assert read_plain(head + bytes(MAX_PART_BYTES - len(head) + 1)) is NotRead.OTHER


field_names = st.sampled_from(
    ["Host", "Content-Length", "X-Hub-Signature-256", "Connection", "Transfer-Encoding", "Accept", "X-A", "Expect"]
)
field_values = st.one_of(
    st.sampled_from(["17", "0", "keep-alive", "close", "chunked", SIGNATURE, "x", ""]),
    st.text("\t !\"#$%&'()*+,-./:;<=>?@[]^_`{|}~09azAZ\x00\r\n\x7f\u00e9", max_size=12),
)
requests = st.builds(
    lambda fields, separator, body: written(*(f"{n}{separator}{v}" for n, v in fields), body=body),
    st.lists(st.tuples(field_names, field_values), max_size=6),
    st.sampled_from([": ", ":", " : ", ":\t"]),
    st.sampled_from([BODY, b"", b"0\r\n\r\n", BODY * 2]),
)
likely_requests = st.builds(
    lambda extra, at: written(*FIELDS[:at], *(f"{n}: {v}" for n, v in extra), *FIELDS[at:]),
    st.lists(st.tuples(field_names, field_values), max_size=2),
    st.integers(0, len(FIELDS)),
)


@given(data=requests | likely_requests)
def test_a_plain_request_means_the_same_to_aiohttp(data: bytes) -> None:
    ours = read_plain(data)
    if isinstance(ours, NotRead):
        return
    with asyncio.Runner() as runner:
        assert runner.run(_as_aiohttp_reads(data)) == ours


async def _as_aiohttp_reads(data: bytes) -> PlainRequest | NotRead:
    """Read one request by aiohttp's own parser. Fails when that sees another number of them, or another kind."""
    loop = asyncio.get_running_loop()
    parser = HttpRequestParser(BaseProtocol(loop), loop, 2**16, auto_decompress=False)
    messages, upgraded, tail = parser.feed_data(data)
    ((message, payload),) = messages
    assert (message.method, message.path, upgraded, tail) == ("POST", "/facebook/webhook", False, b"")
    assert (message.should_close, message.chunked, message.compression) == (False, False, None)
    return PlainRequest(message.headers.get("X-Hub-Signature-256"), await payload.read())
