"""The example proxies and the Compose file's Redis, run for real: what arrives behind them is what was sent.

nginx and Caddy are run from the examples as they are, but for addresses, certificate and log folder.
"""

import asyncio
import gzip
import hashlib
import hmac
import io
import os
import shutil
import signal
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr
from redis.asyncio import Redis
from yarl import URL

from relay.adapters.embedded_redis import find_redis_server
from relay.adapters.redis_persistence import check_persistence
from relay.core.webhook import MAX_BODY_BYTES, SIGNATURE_HEADER, verify_signature
from relay.web.answer import ACCEPTED
from relay.web.plain_request import NotRead, PlainRequest, read_plain
from shared.web import answer_errors, read_body
from shared.wire import EVENTS_PATH, MAX_BATCH_BYTES
from tests.world.ports import free_port

DEPLOY = Path(__file__).parents[2] / "deploy"
WEBHOOK_PATH = "/facebook/webhook"
APP_SECRET = SecretStr("app-secret-example")
STARTS_WITHIN_S = 30.0
LOOK_EVERY_S = 0.02


@dataclass
class Backend:
    """Takes the half's place behind a proxy: keeps what arrives, up to the half's own limit."""

    limit: int
    arrived: list[tuple[str, bytes, str | None]] = field(default_factory=list)
    """Path with query, body, signature."""
    authorizations: list[str | None] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        body = await read_body(request, limit=self.limit)
        self.arrived.append((request.raw_path, body, request.headers.get(SIGNATURE_HEADER)))
        self.authorizations.append(request.headers.get("Authorization"))
        return web.Response(text="taken")


class Proxy(NamedTuple):
    """A running proxy."""

    url: str
    backend: Backend
    stop_backend: Callable[[], Awaitable[None]]
    session: aiohttp.ClientSession
    folder: Path
    """Where all its files are, logs too."""

    async def post(self, path: str, body: bytes | AsyncIterator[bytes], **headers: str) -> int:
        data = io.BytesIO(body) if isinstance(body, bytes) else body
        async with self.session.post(URL(self.url + path, encoded=True), data=data, headers=headers) as answer:
            return answer.status

    async def get(self, path: str) -> int:
        async with self.session.get(URL(self.url + path, encoded=True)) as answer:
            return answer.status


class Case(NamedTuple):
    """One example file."""

    server: str
    half: str
    backend_port: int
    path: str
    limit: int


CASES = [
    Case("nginx", "relay", 8080, WEBHOOK_PATH, MAX_BODY_BYTES),
    Case("nginx", "onsite", 8090, EVENTS_PATH, MAX_BATCH_BYTES),
    Case("caddy", "relay", 8080, WEBHOOK_PATH, MAX_BODY_BYTES),
    Case("caddy", "onsite", 8090, EVENTS_PATH, MAX_BATCH_BYTES),
]

every_proxy = pytest.mark.parametrize("case", [pytest.param(case, id=f"{case.server}, {case.half}") for case in CASES])
relays_proxies = pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.server) for case in CASES if case.half == "relay"]
)
sites_proxies = pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.server) for case in CASES if case.half == "onsite"]
)


def replaced(text: str, replacements: dict[str, str]) -> str:
    for old, new in replacements.items():
        assert old in text, f"the example does not say {old!r}"
        text = text.replace(old, new)
    return text


def write_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(private)


def nginx_command(case: Case, folder: Path, port: int, backend: int) -> list[str]:
    """Prepare nginx with the example inside a minimal main configuration."""
    write_certificate(folder)
    host = {"relay": "relay.example.com", "onsite": "chat.example.com"}[case.half]
    example = replaced(
        (DEPLOY / case.half / "nginx.conf.example").read_text(),
        {
            "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
            "    listen [::]:443 ssl;\n": "",
            f"127.0.0.1:{case.backend_port};": f"127.0.0.1:{backend};",
            f"/etc/letsencrypt/live/{host}": str(folder),
            "/var/log/nginx": str(folder),
        },
    )
    (folder / "example.conf").write_text(example)
    temporary = "".join(f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi"))
    # As `nobody`, whom root's nginx turns into, it could not read a test's folder: one process, and no change of user.
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\n{temporary}scgi_temp_path {folder}/scgi;\naccess_log off;\n"
        # What a test calls its address: an outsider's, unless it says otherwise.
        "set_real_ip_from 127.0.0.1; real_ip_header X-Test-Address;\n"
        "include example.conf;\n}\n"
    )
    return ["nginx", "-e", str(folder / "start.log"), "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy_command(case: Case, folder: Path, port: int, backend: int) -> list[str]:
    """Prepare Caddy with the example, without TLS: it would ask a certificate authority."""
    host = {"relay": "relay.example.com", "onsite": "chat.example.com"}[case.half]
    example = replaced(
        (DEPLOY / case.half / "Caddyfile.example").read_text(),
        {f"\n{host} {{": f"\nhttp://127.0.0.1:{port} {{", f"127.0.0.1:{case.backend_port}\n": f"127.0.0.1:{backend}\n"},
    )
    # Its own control port would be the same for all.
    options = "{\n\tadmin off\n" if case.half == "relay" else "{\n\tadmin off\n}\n"
    example = example.replace("\n{\n", "\n" + options, 1) if case.half == "relay" else options + example
    (folder / "Caddyfile").write_text(example)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


COMMANDS = {"nginx": nginx_command, "caddy": caddy_command}


@asynccontextmanager
async def running(case: Case, folder: Path) -> AsyncIterator[Proxy]:
    backend = Backend(case.limit)
    app = web.Application(middlewares=[answer_errors])
    app.router.add_route("*", "/{path:.*}", backend.take)
    async with TestServer(app) as server:
        assert server.port is not None
        async with proxy_before(server.port, case, folder) as (url, session):
            yield Proxy(url, backend, server.close, session, folder)


@asynccontextmanager
async def proxy_before(backend_port: int, case: Case, folder: Path) -> AsyncIterator[tuple[str, aiohttp.ClientSession]]:
    if shutil.which(case.server) is None:
        pytest.skip(f"this machine has no {case.server}")
    port = free_port()
    command = COMMANDS[case.server](case, folder, port, backend_port)
    async with (
        process(command, folder, port),
        aiohttp.ClientSession(connector=connector(case, folder)) as session,
    ):
        scheme = "https://localhost" if case.server == "nginx" else "http://127.0.0.1"
        yield f"{scheme}:{port}", session


def connector(case: Case, folder: Path) -> aiohttp.TCPConnector:
    if case.server == "caddy":
        return aiohttp.TCPConnector()
    trust = ssl.create_default_context(cafile=folder / "fullchain.pem")
    return aiohttp.TCPConnector(ssl=trust)


@asynccontextmanager
async def process(command: list[str], folder: Path, port: int) -> AsyncIterator[None]:
    """Run a server meanwhile, from when it takes connections."""
    with (folder / "output.log").open("wb") as output:
        started = await asyncio.create_subprocess_exec(
            *command, stdout=output, stderr=output, env=os.environ | {"HOME": str(folder)}
        )
    try:
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not await listens(port):
            assert started.returncode is None, logs(folder)
            assert time.monotonic() < deadline, logs(folder)
            await asyncio.sleep(LOOK_EVERY_S)
        yield
    finally:
        with suppress(ProcessLookupError):
            started.send_signal(signal.SIGTERM)
        await started.wait()


def logs(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.glob("*.log")}


async def listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


def noise(size: int) -> bytes:
    """Return bytes of every value, the same in each run."""
    return hashlib.shake_256(b"deploy").digest(size)


def bodies() -> Iterator[tuple[str, bytes]]:
    yield "Meta's escaped JSON", rb'{"object":"page","entry":[{"id":"1","text":"\u00e4\u00f6 https:\/\/x.test"}]}'
    yield "raw UTF-8, blanks and line ends", '  {\r\n\t"text" : "äö 😀"}\n\n'.encode()
    yield "3 MB of every byte", noise(3 * 1000 * 1000)
    yield "nothing", b""


def signature(body: bytes) -> str:
    return "sha256=" + hmac.new(APP_SECRET.get_secret_value().encode(), body, hashlib.sha256).hexdigest()


@every_proxy
@pytest.mark.parametrize("body", [pytest.param(body, id=label) for label, body in bodies()])
async def test_a_body_and_its_signature_arrive_byte_for_byte(case: Case, body: bytes, tmp_path: Path) -> None:
    async with running(case, tmp_path) as proxy:
        status = await proxy.post(case.path, body, **{SIGNATURE_HEADER: signature(body)})
        [(path, arrived, signed)] = proxy.backend.arrived

    assert (status, path) == (200, case.path)
    assert arrived == body
    verify_signature(signed, arrived, app_secret=APP_SECRET)


@every_proxy
async def test_a_body_sent_in_chunks_arrives_byte_for_byte(case: Case, tmp_path: Path) -> None:
    parts = [noise(1 + 40_000 * number) for number in range(10)]

    async def chunks() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    async with running(case, tmp_path) as proxy:
        assert await proxy.post(case.path, chunks()) == 200
        [(_, arrived, _)] = proxy.backend.arrived

    assert arrived == b"".join(parts)


@every_proxy
async def test_a_compressed_body_is_not_unpacked_on_the_way_so_the_half_can_refuse_it(
    case: Case, tmp_path: Path
) -> None:
    async with running(case, tmp_path) as proxy:
        answered = await proxy.post(case.path, gzip.compress(b"{}" * 1000), **{"Content-Encoding": "gzip"})

    assert answered == 415
    assert proxy.backend.arrived == []


@every_proxy
async def test_the_largest_body_that_the_half_takes_passes_and_a_larger_one_is_refused(
    case: Case, tmp_path: Path
) -> None:
    async with running(case, tmp_path) as proxy:
        assert await proxy.post(case.path, bytes(case.limit)) == 200
        assert await proxy.post(case.path, bytes(case.limit + 1)) == 413
        lengths = [len(body) for _, body, _ in proxy.backend.arrived]

    assert lengths == [case.limit]


class PlainOnly(asyncio.Protocol):
    """Takes what the relay's front door takes by itself, and hangs up on anything else."""

    received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        request = read_plain(self.received)
        if isinstance(request, PlainRequest):
            self.received = b""
            self.transport.write(ACCEPTED.as_bytes(date=formatdate(usegmt=True)))
        elif request is not NotRead.PART:
            self.transport.close()


@relays_proxies
async def test_a_webhook_comes_to_the_relay_in_the_form_that_costs_least(case: Case, tmp_path: Path) -> None:
    body = rb'{"object":"page","entry":[{"id":"1","text":"\u00e4\u00f6 https:\/\/x.test"}]}'
    headers = {
        SIGNATURE_HEADER: signature(body),
        "User-Agent": "facebookexternalua",
        "Content-Type": "application/json",
    }
    backend = await asyncio.get_running_loop().create_server(PlainOnly, "127.0.0.1", 0)
    async with backend, proxy_before(backend.sockets[0].getsockname()[1], case, tmp_path) as (url, session):
        for _ in range(3):
            async with session.post(url + WEBHOOK_PATH, data=body, headers=headers) as answer:
                assert (answer.status, await answer.text()) == (200, "ok")


@relays_proxies
async def test_metas_verification_reaches_the_relay_with_its_query(case: Case, tmp_path: Path) -> None:
    query = "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a%20b%2Bc"
    async with running(case, tmp_path) as proxy:
        assert await proxy.get(WEBHOOK_PATH + query) == 200
        [(path, _, _)] = proxy.backend.arrived

    assert path == WEBHOOK_PATH + query


@relays_proxies
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/admin/v1/sites",
        "//admin/v1/sites",
        "/facebook/../admin/v1/sites",
        "/facebook/webhook/../../admin/v1/sites",
        "/facebook/%2e%2e/admin/v1/sites",
        "/metrics",
        "/readyz",
        "/%6Detrics",
        "/v1/sites",
        "/v1/sitesmore/acme",
        "/v1/sites/../../admin/v1/sites",
        "/v1/sites/..%2f..%2fadmin%2fv1%2fsites",
        "/v1/sites/%2e%2e/%2e%2e/metrics",
        "/facebook/connect/",
        "/facebook/connect/..%2f..%2fadmin%2fv1%2fsites",
        "/facebook/callback/more",
        "/facebook/deauthorize/more",
        "/facebook/data-deletion/..%2f..%2fadmin%2fv1%2fsites",
        "/facebook/data-deletion/../../metrics",
    ],
)
async def test_nothing_but_what_meta_sites_and_browsers_need_is_reached_through_the_relays_proxy(
    case: Case, path: str, tmp_path: Path
) -> None:
    async with running(case, tmp_path) as proxy:
        assert await proxy.get(path) == 404
        assert proxy.backend.arrived == []


@relays_proxies
async def test_what_a_site_calls_reaches_the_relay_with_its_token(case: Case, tmp_path: Path) -> None:
    async with running(case, tmp_path) as proxy:
        assert await proxy.post("/v1/sites/acme/ready", b"{}", Authorization="Bearer of-acme") == 200
        assert await proxy.get("/v1/sites/acme?later=1") == 200

    assert proxy.backend.arrived == [("/v1/sites/acme/ready", b"{}", None), ("/v1/sites/acme?later=1", b"", None)]
    assert proxy.backend.authorizations == ["Bearer of-acme", None]


@relays_proxies
async def test_what_a_browser_needs_to_connect_pages_reaches_the_relay_and_no_log(case: Case, tmp_path: Path) -> None:
    ticket, paths = "seen-by_nobody" + "A" * 29, ["", "/pages", "/again"]
    asked = [f"/facebook/connect/{ticket}{path}" for path in paths]
    asked += ["/facebook/connect/style.css", "/facebook/callback?code=seen-by_nobody&state=s.t"]
    async with running(case, tmp_path) as proxy:
        for path in asked:
            assert await proxy.get(path) == 200
        assert await proxy.post(asked[1], b"page=1") == 200
        await proxy.stop_backend()
        for path in asked:
            assert await proxy.get(path) == 502
    written = logs(tmp_path)

    assert [path for path, _, _ in proxy.backend.arrived] == [*asked, asked[1]]
    assert any("/facebook/callback" in text for text in written.values())
    assert not [name for name, text in written.items() if "seen-by_nobody" in text]


@relays_proxies
async def test_what_meta_posts_about_a_person_and_what_that_person_is_shown_reach_the_relay(
    case: Case, tmp_path: Path
) -> None:
    form, code = b"signed_request=abc.def", "a2" * 16
    async with running(case, tmp_path) as proxy:
        assert await proxy.post("/facebook/deauthorize", form) == 200
        assert await proxy.post("/facebook/data-deletion", form) == 200
        assert await proxy.get(f"/facebook/data-deletion/{code}?from=facebook") == 200

    arrived = [(path.partition("?")[0], body) for path, body, _ in proxy.backend.arrived]
    assert arrived == [
        ("/facebook/deauthorize", form),
        ("/facebook/data-deletion", form),
        (f"/facebook/data-deletion/{code}", b""),
    ]


@relays_proxies
@pytest.mark.parametrize("way", ["/admin/v1/sites/..%2f..%2f..", "/metrics%2f..", "/x/..", "/v1/sites/..%2f..", "/"])
async def test_an_address_that_reads_like_a_sites_call_in_one_of_two_ways_asks_for_that_call(
    case: Case, way: str, tmp_path: Path
) -> None:
    async with running(case, tmp_path) as proxy:
        for call in ("/v1/sites/acme", "%2fv1%2fsites%2facme", "/v1/sites%2facme"):
            await proxy.get(way + call)

    assert {path for path, _, _ in proxy.backend.arrived} <= {"/v1/sites/acme"}


@every_proxy
@pytest.mark.parametrize("way", ["/admin/v1/sites/..%2f..%2f..", "/api/v1/..%2f..", "/metrics%2f..", "/x/.."])
async def test_an_address_that_reads_in_two_ways_reaches_what_the_proxy_compared(
    case: Case, way: str, tmp_path: Path
) -> None:
    async with running(case, tmp_path) as proxy:
        await proxy.post(way + case.path.replace("/", "%2f"), b"{}")
        await proxy.post(way + case.path, b"{}")

    assert {path for path, _, _ in proxy.backend.arrived} <= {case.path}


@sites_proxies
@pytest.mark.parametrize("path", ["/", "/api/v1/conversations", "/relay/events/more", "/metrics", "/readyz"])
async def test_an_outsider_reaches_nothing_of_the_site_but_the_receiver(case: Case, path: str, tmp_path: Path) -> None:
    async with running(case, tmp_path) as proxy:
        assert await proxy.get(path) in {403, 404}
        assert proxy.backend.arrived == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("/api/v1/conversations?limit=5", 200, id="API"),
        pytest.param("/metrics", 404, id="metrics"),
        pytest.param("/readyz", 404, id="readiness"),
    ],
)
async def test_the_customers_own_network_reaches_the_sites_api(path: str, status: int, tmp_path: Path) -> None:
    [nginx, _] = [case for case in CASES if case.half == "onsite"]
    async with running(nginx, tmp_path) as proxy:
        url = URL(proxy.url + path, encoded=True)
        async with proxy.session.get(url, headers={"X-Test-Address": "192.168.4.7"}) as answer:
            assert answer.status == status
        assert [path for path, _, _ in proxy.backend.arrived] == ([path] if status == 200 else [])


@relays_proxies
async def test_the_verify_token_reaches_no_log_even_when_the_relay_is_away(case: Case, tmp_path: Path) -> None:
    async with running(case, tmp_path) as proxy:
        await proxy.get(WEBHOOK_PATH + "?hub.verify_token=seen-by-nobody")
        await proxy.stop_backend()
        assert await proxy.get(WEBHOOK_PATH + "?hub.verify_token=seen-by-nobody") == 502
    written = logs(tmp_path)

    assert any(WEBHOOK_PATH in text for text in written.values())
    assert not [name for name, text in written.items() if "seen-by-nobody" in text]


async def test_the_relay_accepts_the_redis_that_compose_starts(tmp_path: Path) -> None:
    compose = yaml.safe_load((DEPLOY / "relay" / "compose.yaml").read_text())
    _, *flags = compose["services"]["redis"]["command"]
    port = free_port()
    command = [str(find_redis_server()), *flags, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path)]
    async with process(command, tmp_path, port):
        url = f"redis://127.0.0.1:{port}/0"
        await check_persistence(url, allow_volatile=False)
        client = Redis.from_url(url)
        config = await client.config_get("appendfsync")
        await client.aclose()

    assert config == {"appendfsync": "always"}
