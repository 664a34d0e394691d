"""Receipts of deletions in Redis: one key each, by its code, which goes by itself. Nothing names the person."""

from redis.asyncio import Redis

from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.deletion import RECEIPT_TTL_S, Receipt


class RedisReceipts:
    """Fits `engine.withdrawals.ReceiptStore`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def keep(self, receipt: Receipt) -> None:
        """See `engine.withdrawals.ReceiptStore.keep`."""
        async with store_errors():
            await self._redis.set(keys.receipt(receipt.code), receipt.completed_at_ms, ex=RECEIPT_TTL_S)

    async def find(self, code: str) -> Receipt | None:
        """See `engine.withdrawals.ReceiptStore.find`."""
        async with store_errors():
            found = await self._redis.get(keys.receipt(code))
        return None if found is None else Receipt(code, int(found))
