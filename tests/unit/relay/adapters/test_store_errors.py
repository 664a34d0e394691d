"""Redis' troubles are ours in one place; our own faults are not."""

import asyncio
from typing import Any

import pytest
from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.sentinel import MasterNotFoundError

from relay.adapters import store_errors as module
from relay.adapters.redis_clients import open_sentinels
from relay.adapters.store_errors import store_errors
from relay.core.errors import StoreUnavailable
from relay.core.redis_address import BehindSentinel, parse_redis_address


@pytest.mark.parametrize(
    "error",
    [
        exceptions.ConnectionError("away"),
        exceptions.TimeoutError("hangs"),
        exceptions.ReadOnlyError("READONLY"),
        exceptions.OutOfMemoryError("OOM"),
        exceptions.BusyLoadingError("LOADING"),
        exceptions.ResponseError("MISCONF"),
        exceptions.AuthenticationError("WRONGPASS"),
        exceptions.ClusterDownError("CLUSTERDOWN"),
        exceptions.RedisClusterException("no node is reachable"),
        ConnectionResetError("reset"),
        TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_whatever_redis_does_is_one_error_that_names_it(error: Exception) -> None:
    with pytest.raises(StoreUnavailable, match=type(error).__name__) as raised:
        async with store_errors():
            raise error

    assert raised.value.__cause__ is error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        pytest.param(exceptions.AuthenticationError("Authentication required."), "user and password", id="NOAUTH"),
        pytest.param(exceptions.AuthenticationError("invalid username-password pair"), "encoded", id="WRONGPASS"),
        pytest.param(exceptions.NoPermissionError("no permissions to run 'xadd'"), "ACL SETUSER", id="NOPERM"),
    ],
)
async def test_a_redis_that_does_not_let_us_in_is_told_with_what_to_do(error: Exception, words: str) -> None:
    with pytest.raises(StoreUnavailable, match=words) as raised:
        async with store_errors():
            raise error

    assert str(error) in str(raised.value)


async def test_sentinels_that_are_away_are_named_and_nothing_else_of_them() -> None:
    address = parse_redis_address("redis+sentinel://127.0.0.1:1,127.0.0.1:2/main?sentinel_password=word")
    assert isinstance(address, BehindSentinel)
    sentinels = open_sentinels(address)
    with pytest.raises(StoreUnavailable, match=r"not reached: 127\.0\.0\.1:1, 127\.0\.0\.1:2$"):
        async with store_errors():
            await sentinels.discover_master("main")


async def test_a_name_that_no_sentinel_knows_is_told() -> None:
    with pytest.raises(StoreUnavailable, match="know no master of the name 'main'"):
        async with store_errors():
            raise MasterNotFoundError("No master found for 'main'")


@pytest.mark.parametrize("error", [KeyError("ours"), ValueError("ours"), ZeroDivisionError()])
async def test_a_fault_of_ours_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)):
        async with store_errors():
            raise error


async def test_without_trouble_nothing_happens() -> None:
    async with store_errors():
        pass


async def test_a_redis_that_hangs_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROUND_TRIP_LIMIT_S", 0.01)
    with pytest.raises(StoreUnavailable, match=r"no answer within 0\.01 s"):
        async with store_errors():
            await asyncio.Event().wait()


async def test_a_request_that_is_given_up_by_its_sender_is_no_trouble_of_redis() -> None:
    async def wait() -> None:
        async with store_errors():
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def annotated(error: exceptions.ResponseError) -> exceptions.ResponseError:
    """Return the error as redis-py hands it on from a pipeline."""
    pipeline: Any = Pipeline(Redis().connection_pool, {}, False, None)
    pipeline.annotate_exception(error, 1, ["XADD", "relay:{acme}:outbox", "d", "hush, a message"])
    assert "hush" in str(error)
    return error


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(annotated(exceptions.OutOfMemoryError("OOM command not allowed")), id="a pipeline's"),
        pytest.param(
            exceptions.RedisClusterException("OOM: no targets to execute ('XADD', 'hush, a message') on"),
            id="a cluster's",
        ),
    ],
)
async def test_no_error_carries_a_message(error: Exception) -> None:
    with pytest.raises(StoreUnavailable, match="OOM") as raised:
        async with store_errors():
            raise error

    assert "hush" not in f"{raised.value} {raised.value.__cause__}"
