"""The example proxies, run for real before a server that keeps what arrives.

nginx and Caddy are run from the examples as they are, but for addresses, certificate and log folder.
"""

import asyncio
import io
import os
import shutil
import signal
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from yarl import URL

from relay.core.webhook import MAX_BODY_BYTES, SIGNATURE_HEADER
from shared.web import answer_errors, read_body
from shared.wire import EVENTS_PATH, MAX_BATCH_BYTES
from tests.world.ports import free_port

DEPLOY = Path(__file__).parents[2] / "deploy"
WEBHOOK_PATH = "/facebook/webhook"
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
