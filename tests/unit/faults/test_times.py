"""The waits that are shortened are the product's own, and those that are not keep the product's own values."""

import pytest

from relay.adapters.push_sessions import PushSessions
from relay.core import backoff, lease
from tests.faults import times
from tests.faults.times import Times


def test_the_lease_is_the_products_own() -> None:
    assert Times().lease_ttl_ms == lease.LEASE_TTL_MS
    assert Times().renew_every_s == lease.RENEW_EVERY_S


def test_a_site_may_be_slower_than_the_lease_lives() -> None:
    """Or no history would need it renewed."""
    assert Times().answer_timeout_s * 1000 > lease.LEASE_TTL_MS


def test_the_ladder_has_as_many_steps_as_the_products_and_each_is_shorter() -> None:
    ladder = Times().ladder_s

    assert len(ladder) == len(backoff.LADDER_S)
    assert all(ours < theirs for ours, theirs in zip(ladder, backoff.LADDER_S, strict=True))


@pytest.fixture
def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put everything back that a test replaces."""
    for module, path, _field in (*times._WHERE, times._SESSIONS):
        *owners, name = path.split(".")
        owner = times.find(module, ".".join(owners))
        monkeypatch.setattr(owner, name, getattr(owner, name))


def test_what_is_applied_is_what_the_product_reads(restored: None) -> None:
    times.apply(Times(ladder_s=(0.5,) * 6, answer_timeout_s=3.0))

    assert backoff.delay_s(6, random=0.5) == 0.5
    assert PushSessions().answer_timeout_s == 3.0


@pytest.mark.parametrize(
    ("module", "path"),
    [
        pytest.param("relay.core.backoff", "LADDER", id="a name"),
        pytest.param("relay.engine.writer", "AppendWriter.add", id="a method"),
    ],
)
def test_what_the_product_does_not_have_any_more_cannot_be_replaced(module: str, path: str) -> None:
    with pytest.raises(AttributeError):
        times.replace(module, path, None)
