"""`relay rotate-master-key`."""

import json
from collections.abc import Callable

import redis as sync_redis

from relay.core import keys
from tests.support.commands import Ended

Ask = Callable[..., Ended]


def test_it_says_what_was_done_and_when_the_earlier_keys_can_go(ask: Ask) -> None:
    ask("site", "add", "acme", "https://127.0.0.1:1", "--allow-network", "127.0.0.0/8")
    ended = ask("rotate-master-key")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("0 records are sealed anew; 1 were under the first key already.")
    assert "can be taken out of RELAY_MASTER_KEY in 15 minutes" in ended.out


def test_what_no_key_opens_is_named_and_is_a_failure(ask: Ask, redis_url: str) -> None:
    ask("site", "add", "acme", "https://127.0.0.1:1", "--allow-network", "127.0.0.0/8")
    with sync_redis.Redis.from_url(redis_url) as client:
        record = json.loads(client.hget(keys.SITES, "acme") or b"")
        client.hset(keys.SITES, "acme", json.dumps(record | {"sealed_secrets": ["gAAAAA"]}))
    ended = ask("rotate-master-key", "--json")

    assert (ended.code, json.loads(ended.out)) == (1, {"resealed": 0, "already": 0, "unreadable": ["site acme"]})
    assert "no key opens what is kept of site acme" in ended.err
