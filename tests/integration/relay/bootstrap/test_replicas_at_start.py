"""A start with fewer Redis replicas than the settings ask for goes on, and says so."""

from pathlib import Path

from structlog.testing import capture_logs

from relay.bootstrap.parts import check_redis
from tests.support.relay import relay_settings


async def test_a_start_with_too_few_replicas_goes_on_and_says_so(tmp_path: Path, redis_url: str) -> None:
    settings = relay_settings(tmp_path, redis_wait_replicas=1)
    with capture_logs() as logs:
        await check_redis(settings, redis_url, allow_volatile=True)

    assert "redis_has_too_few_replicas" in [line["event"] for line in logs]
