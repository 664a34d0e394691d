"""A whole relay inside the test's process: real Redis, real HTTP, built by the product's own bootstrap."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import SecretStr

from relay.bootstrap.serve import serving
from relay.core.settings import RelaySettings
from tests.support import facebook
from tests.support.receiving_site import ReceivingSite

ADMIN_TOKEN = "admin-token-example"


def relay_settings(data_dir: Path, **changes: Any) -> RelaySettings:
    """Return settings of a relay that listens on a port of the system's choice."""
    settings = RelaySettings(
        data_dir=data_dir,
        admin_token=SecretStr(ADMIN_TOKEN),
        facebook_app_id=facebook.APP_ID,
        facebook_app_secret=SecretStr(facebook.APP_SECRET),
        facebook_verify_token=SecretStr(facebook.VERIFY_TOKEN),
    )
    return settings.model_copy(update={"port": 0} | changes)


@dataclass(frozen=True)
class RunningRelay:
    """A relay, and somebody who talks to it."""

    url: str
    http: aiohttp.ClientSession

    async def webhook(self, body: bytes) -> int:
        """Send what Meta would send; returns the status of the answer."""
        url = self.url + "/facebook/webhook"
        async with self.http.post(url, data=body, headers=facebook.signed(body)) as answer:
            return answer.status

    async def admin(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call the admin API as an operator."""
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        async with self.http.request(method, f"{self.url}/admin/v1{path}", json=body, headers=headers) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def register(self, name: str, site: ReceivingSite, *pages: str) -> None:
        """Register a site that listens, hand it its secret, and bind its pages."""
        address = {"url": site.url, "allow_networks": ["127.0.0.0/8"], "allow_insecure": True}
        added = await self.admin("POST", "/sites", {"name": name} | address)
        site.secret = added["secret"]
        for page in pages:
            await self.admin("PUT", f"/bindings/{page}", {"site": name})


@asynccontextmanager
async def running_relay(
    redis_url: str, data_dir: Path, *, sweeps: bool = False, **changes: Any
) -> AsyncIterator[RunningRelay]:
    """Run a relay's web process with its live lane; without `sweeps` tests sweep by hand."""
    settings = relay_settings(data_dir, **changes)
    async with serving(settings, redis_url, sweeps=sweeps) as port, aiohttp.ClientSession() as http:
        yield RunningRelay(f"http://127.0.0.1:{port}", http)
