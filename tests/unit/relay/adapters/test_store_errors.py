"""Redis' troubles are ours in one place; our own faults are not."""

import asyncio
from typing import Any

import pytest
from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from relay.adapters import store_errors as module
from relay.adapters.store_errors import store_errors
from relay.core.errors import StoreUnavailable


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
