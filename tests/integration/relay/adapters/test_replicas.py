"""What is said at the start where Redis has fewer replicas than the setting asks for."""

from redis.asyncio import Redis
from structlog.testing import capture_logs

from relay.adapters.replicas import warn_of_missing_replicas


async def test_too_few_replicas_are_told_at_the_start_with_what_to_do(redis: Redis) -> None:
    with capture_logs() as logs:
        await warn_of_missing_replicas(redis, 1)

    (line,) = logs
    assert (line["event"], line["log_level"]) == ("redis_has_too_few_replicas", "warning")
    assert (line["connected"], line["wanted"]) == (0, 1)
    assert "503" in line["cost"]
    assert "RELAY_REDIS_WAIT_REPLICAS" in line["advice"]


async def test_where_none_are_asked_for_nothing_is_said(redis: Redis) -> None:
    with capture_logs() as logs:
        await warn_of_missing_replicas(redis, 0)

    assert logs == []
