"""The lease's token and times."""

from relay.adapters import push_sessions
from relay.core.lease import LEASE_TTL_MS, RENEW_EVERY_S, new_token


def test_tokens_do_not_repeat_and_are_never_empty() -> None:
    # An empty token would mean "never take the lease" to append.lua.
    tokens = {new_token() for _ in range(1000)}

    assert len(tokens) == 1000
    assert all(len(token) == 16 for token in tokens)


def test_two_renewals_may_fail_before_the_lease_is_lost() -> None:
    assert 2 * RENEW_EVERY_S * 1000 < LEASE_TTL_MS


def test_a_push_may_last_longer_than_a_lease_so_renewing_is_needed() -> None:
    assert push_sessions.ANSWER_TIMEOUT_S * 1000 > LEASE_TTL_MS
