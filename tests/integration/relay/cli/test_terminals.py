"""Every command that prints a table, on real terminals: nothing is lost at any width."""

import json
from collections.abc import Callable

import pytest
import redis as sync_redis

from relay.core import keys
from tests.support import facebook
from tests.support.commands import Ended
from tests.support.relay_thread import RelayThread
from tests.support.terminal import WIDTHS, terminal

Ask = Callable[..., Ended]

ADDRESS = "https://chat.depot.internal.example:8443"
EVENT = "1800000000000-0"
PAGE = "112233445566"


@pytest.fixture(autouse=True)
def everything(ask: Ask, relay: RelayThread, redis_url: str) -> None:
    """Have a site that is paused, waiting and dead events, losses, and a page that no site claims."""
    ask("site", "add", "depot", ADDRESS, "--allow-network", "10.20.0.0/16")
    ask("site", "pause", "depot", "--reason", "moves")
    ask("bind", "22", "depot")
    relay.webhook(facebook.messages(PAGE, "a"))
    with sync_redis.Redis.from_url(redis_url) as client:
        for stream in (keys.outbox("depot"), keys.dead("depot")):
            client.xadd(
                stream, {"p": "22", "k": "messaging", "d": json.dumps({"text": "hello"}), "why": "odd"}, id=EVENT
            )
        client.hset(keys.delivery("depot"), "waiting_bytes", "2048")
        client.hset(keys.losses("depot"), mapping={"age": "7", "age:ms": "1800000000000"})


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize(
    ("command", "shown"),
    [
        pytest.param(["status"], ["depot", "paused", ADDRESS, "10.20.0.0/16", PAGE, EVENT], id="status"),
        pytest.param(["site", "list"], ["depot", "paused", ADDRESS, "10.20.0.0/16"], id="site list"),
        pytest.param(["site", "show", "depot"], ["depot", "paused", ADDRESS, "10.20.0.0/16", "22"], id="site show"),
        pytest.param(
            ["outbox", "list"],
            ["depot", "paused", f"page {PAGE} (unclaimed)", "unclaimed", "2.0 KiB", "2027-01-15T08:00:00.000Z", "7"],
            id="outbox list",
        ),
        pytest.param(["outbox", "show", "depot"], [EVENT, "2027-01-15T08:00:00.000Z", "messaging"], id="outbox show"),
        pytest.param(["outbox", "show", "depot", "--dead"], [EVENT, "messaging", "odd"], id="outbox show --dead"),
        pytest.param(
            ["outbox", "show", "depot", "--payload"], [EVENT, '{"text":', '"hello"}'], id="outbox show --payload"
        ),
        pytest.param(["bindings"], ["22", "depot"], id="bindings"),
    ],
)
def test_nothing_is_broken_or_cut(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, columns: int, command: list[str], shown: list[str]
) -> None:
    with terminal(monkeypatch, columns) as screen:
        ask(*command)

    assert [value for value in shown if not any(value in line for line in screen.lines)] == []
