"""The table of Redis keys is the documentation operators read: it must be what the code does."""

import inspect
import re
from collections.abc import Callable

import pytest

from relay.core import keys

ROW = re.compile(r"^    (relay:\S+|rq:\S+)\s+(\S+)", flags=re.MULTILINE)

DOCUMENTED = {key: kind for key, kind in ROW.findall(keys.__doc__ or "")}  # noqa: C416  the groups are named so


@pytest.mark.parametrize(
    ("name_of", "pattern"),
    [
        pytest.param(keys.outbox, "relay:{o}:outbox", id="outbox"),
        pytest.param(keys.lease, "relay:{o}:lease", id="lease"),
        pytest.param(keys.delivery, "relay:{o}:delivery", id="delivery"),
        pytest.param(keys.dead, "relay:{o}:dead", id="dead letters"),
        pytest.param(keys.losses, "relay:{o}:losses", id="losses"),
        pytest.param(keys.fenced, "relay:{o}:fenced", id="fenced pages"),
        pytest.param(keys.gates, "relay:{o}:gates", id="gates"),
        pytest.param(keys.connect_session, "relay:connect:{o}", id="logins in the browser"),
    ],
)
def test_a_function_makes_the_documented_key(name_of: Callable[[str], str], pattern: str) -> None:
    assert name_of("acme") == pattern.replace("{o}", "{acme}")
    assert pattern in DOCUMENTED


def test_what_leaves_an_outbox_has_a_list_for_each_page() -> None:
    assert keys.leaving("acme", "1122") == "relay:{acme}:leaving:1122"


def test_every_key_of_the_table_has_its_function_or_constant_and_every_one_of_these_is_in_the_table() -> None:
    made_by = (made for name, made in inspect.getmembers(keys, inspect.isfunction) if not name.startswith("_"))
    functions = {made(*("o", "page")[: len(inspect.signature(made).parameters)]) for made in made_by}
    constants = {value for value in vars(keys).values() if isinstance(value, str) and value.startswith("relay:")}

    assert functions | constants == set(DOCUMENTED) - {"rq:*"}


def test_all_keys_of_one_outbox_live_in_one_slot_of_a_cluster() -> None:
    named = (keys.outbox, keys.lease, keys.delivery, keys.dead, keys.losses, keys.fenced, keys.gates)
    made = [*(name("acme") for name in named), keys.leaving("acme", "1122")]
    hash_tags = {re.search(r"\{(.*?)\}", key) for key in made}

    assert {tag.group(1) if tag else "" for tag in hash_tags} == {"acme"}


def test_what_one_script_touches_beside_a_key_lives_in_its_slot() -> None:
    assert keys.gates(keys.BINDINGS) == f"relay:{{{keys.BINDINGS}}}:gates"
    assert keys.gates(keys.PAGES) == f"relay:{{{keys.PAGES}}}:gates"
    assert f"{{{keys.CHANGES}}}" in keys.CHANGE_NUMBER
    assert f"{{{keys.PULSE}}}" in keys.OUTAGES
