"""The use cases that change bindings, put together as `relay.bootstrap.parts` does, on Redis or in memory."""

from collections.abc import Callable
from typing import Any

from redis.asyncio import Redis

from relay.adapters.redis_bindings import RedisBindings
from relay.adapters.redis_changes import RedisChanges
from relay.adapters.redis_handover import RedisHandover
from relay.adapters.redis_put import Putter
from relay.engine.binding import Bindings, SiteLookup
from relay.engine.handover import Handover, Notices
from relay.engine.rebinding import ChangeLog, Rebinding
from tests.support.fakes import FakeNotices, tokens


def rebinding_on(
    store: Any, changes: ChangeLog, sites: SiteLookup, *, new_token: Callable[[], str] | None = None
) -> Rebinding:
    """Put them together on one object that fits every port of the store."""
    bindings = Bindings(store, sites)
    handover = Handover(bindings, store, store, FakeNotices())
    return Rebinding(bindings, handover, changes, new_token=new_token or tokens())


def redis_rebinding(redis: Redis, sites: SiteLookup, notices: Notices | None = None) -> Rebinding:
    """Put them together on Redis."""
    directory = RedisBindings(redis)
    bindings = Bindings(directory, sites)
    handover = Handover(bindings, directory, RedisHandover(redis, Putter(redis)), notices or FakeNotices())
    return Rebinding(bindings, handover, RedisChanges(redis), new_token=tokens())
