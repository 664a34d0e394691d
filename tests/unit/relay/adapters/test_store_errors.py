"""Redis' troubles are ours in one place; our own faults are not."""

import pytest
from redis import exceptions

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
