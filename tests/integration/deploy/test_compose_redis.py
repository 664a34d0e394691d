"""The Compose file's Redis, run for real: it keeps what the relay needs kept."""

from pathlib import Path

import yaml
from redis.asyncio import Redis

from relay.adapters.embedded_redis import find_redis_server
from relay.adapters.redis_persistence import check_persistence
from tests.support.proxies import DEPLOY, process
from tests.world.ports import free_port


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
