"""What is known of a page by its audits: nothing that is to be told is forgotten, and nobody else is told."""

from dataclasses import replace as with_fields

import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from relay.core.audit import Audit, Finding
from relay.core.audit_state import (
    RELAY_WAS_AWAY,
    TOKEN_EVERY_MS,
    AuditState,
    Death,
    Outage,
    died,
    gap_told,
    is_token_check_due,
    locked,
    missed,
    noted,
    standing,
    token_alive,
    unmended,
)
from relay.core.page import ConnectedPage

NOW = 1_800_000_000_000
HOUR = 3_600_000
PAGE = ConnectedPage("1122", "acme", "Acme", SecretStr("EAApage"), NOW - 10 * HOUR)
STATE = AuditState("acme", PAGE.connected_at_ms, good_at_ms=NOW - HOUR)
DEATH = Death(NOW - HOUR, "changed", 190, 460)
AGAIN = ConnectedPage("1122", "acme", "Acme", SecretStr("EAAnew"), NOW)
MOVED = with_fields(PAGE, site="beta", moved_at_ms=NOW - 2 * HOUR)
AT_BETA = AuditState("beta", MOVED.moved_at_ms, good_at_ms=NOW - HOUR)
HELD = STATE.connected_at_ms


@pytest.mark.parametrize(
    ("before", "page", "site", "expected"),
    [
        pytest.param(None, PAGE, "acme", AuditState("acme", PAGE.connected_at_ms, PAGE.connected_at_ms), id="first"),
        pytest.param(STATE, PAGE, "acme", STATE, id="the same connection"),
        pytest.param(STATE, AGAIN, "acme", AuditState("acme", NOW, NOW, held_since_ms=HELD), id="connected again"),
        pytest.param(
            replace(STATE, held_since_ms=7, outages_told_ms=8),
            AGAIN,
            "acme",
            AuditState("acme", NOW, NOW, held_since_ms=7, outages_told_ms=8),
            id="connected again and again",
        ),
        pytest.param(
            replace(STATE, gap_from_ms=7, gap_reason="why"),
            AGAIN,
            "acme",
            AuditState("acme", NOW, NOW, gap_from_ms=7, gap_reason="why", held_since_ms=HELD),
            id="connected again, with a gap to tell",
        ),
        pytest.param(
            replace(STATE, gap_from_ms=7, death=DEATH), MOVED, "beta",
            AuditState("beta", NOW - 2 * HOUR, NOW - 2 * HOUR), id="another site's gap and death",
        ),
        pytest.param(
            replace(STATE, gap_from_ms=7), with_fields(MOVED, site="acme"), "acme",
            AuditState("acme", NOW - 2 * HOUR, NOW - 2 * HOUR), id="away and back",
        ),
        pytest.param(AT_BETA, MOVED, "beta", AT_BETA, id="the same connection since a move"),
        pytest.param(
            AT_BETA, with_fields(AGAIN, site="beta"), "beta",
            AuditState("beta", NOW, NOW, held_since_ms=NOW - 2 * HOUR), id="connected again after a move",
        ),
    ],
)  # fmt: skip
def test_a_state_is_of_one_connection(
    before: AuditState | None, page: ConnectedPage, site: str, expected: AuditState
) -> None:
    assert standing(before, page, site) == expected


def test_reconnecting_clears_a_death_and_tells_what_may_have_been_missed_since_the_last_good_audit() -> None:
    after = standing(replace(STATE, death=DEATH), AGAIN, "acme")

    assert (after.death, after.gap_from_ms) == (None, STATE.good_at_ms)


def test_a_good_audit_is_noted_and_ends_what_was_wrong() -> None:
    after = noted(replace(STATE, trouble="x", unasked="y"), Audit(Finding.SUBSCRIBED), now_ms=NOW)

    assert (after.subscribed, after.good_at_ms, after.asked_at_ms) == (True, NOW, NOW)
    assert (after.trouble, after.unasked, after.gap_from_ms) == ("", "", None)


@pytest.mark.parametrize(
    ("finding", "gap_from_ms"),
    [
        (Finding.UNSUBSCRIBED, STATE.good_at_ms),
        (Finding.MESSAGES_MISSING, STATE.good_at_ms),
        (Finding.FIELDS_MISSING, None),
    ],
)
def test_what_may_be_missing_since_the_last_good_audit_is_kept_until_it_is_told(
    finding: Finding, gap_from_ms: int | None
) -> None:
    found = noted(STATE, Audit(finding, "lacking"), now_ms=NOW)
    mended = noted(found, Audit(Finding.SUBSCRIBED), now_ms=NOW + 1)

    assert (found.subscribed, found.good_at_ms) == (False, STATE.good_at_ms)
    assert found.gap_from_ms == mended.gap_from_ms == gap_from_ms
    assert gap_told(mended).gap_from_ms is None


@pytest.mark.parametrize("finding", [Finding.UNREACHABLE, Finding.TEMPORARY, Finding.THROTTLED, Finding.APP_THROTTLED])
def test_an_audit_that_could_not_be_asked_finds_nothing(finding: Finding) -> None:
    assert noted(STATE, Audit(finding, "away"), now_ms=NOW) == replace(STATE, unasked="away")
    assert unmended(STATE, Audit(finding, "away")) == replace(STATE, unasked="away")


@pytest.mark.parametrize("finding", [Finding.SUBSCRIBED, Finding.TOKEN_DEAD, Finding.UNREACHABLE])
def test_a_token_that_no_key_opens_changes_nothing_else_and_is_over_with_the_next_question(finding: Finding) -> None:
    known = replace(STATE, subscribed=True, asked_at_ms=7, gap_from_ms=8, death=DEATH)
    shut = locked(known)

    assert "RELAY_MASTER_KEY" in shut.locked
    assert shut == replace(known, locked=shut.locked)
    assert noted(shut, Audit(finding), now_ms=NOW) == noted(known, Audit(finding), now_ms=NOW)


def test_a_refusal_is_shown_and_nothing_is_known_of_the_page() -> None:
    after = noted(replace(STATE, subscribed=True), Audit(Finding.REFUSED, "no permission"), now_ms=NOW)

    assert (after.subscribed, after.trouble, after.good_at_ms) == (None, "no permission", STATE.good_at_ms)
    assert unmended(STATE, Audit(Finding.REFUSED, "no")).trouble == "no"


def test_a_death_is_noted_with_its_words_and_ends_with_a_living_token() -> None:
    dead = died(STATE, Audit(Finding.TOKEN_DEAD, "changed", 190, 460), now_ms=NOW)

    assert dead.death == Death(NOW, "changed", 190, 460)
    assert token_alive(dead, now_ms=NOW).death is None


@pytest.mark.parametrize(
    ("state", "due"),
    [
        pytest.param(STATE, True, id="never checked"),
        pytest.param(replace(STATE, token_checked_at_ms=NOW - TOKEN_EVERY_MS), True, id="a day ago"),
        pytest.param(replace(STATE, token_checked_at_ms=NOW - HOUR), False, id="an hour ago"),
        pytest.param(replace(STATE, token_checked_at_ms=NOW + HOUR), True, id="by a clock that was put back"),
        pytest.param(replace(STATE, token_checked_at_ms=NOW, death=DEATH), True, id="dead, and works again"),
    ],
)
def test_the_token_is_checked_daily(state: AuditState, due: bool) -> None:  # noqa: FBT001  a column of the table
    assert is_token_check_due(state, now_ms=NOW) is due


AWAY = Outage(NOW - 3 * HOUR, NOW - HOUR)


@pytest.mark.parametrize(
    ("state", "outages", "gap_from_ms", "told_ms"),
    [
        pytest.param(STATE, [], None, 0, id="none"),
        pytest.param(STATE, [AWAY], AWAY.from_ms, AWAY.to_ms, id="one"),
        pytest.param(
            STATE, [AWAY, Outage(NOW - 2, NOW)], AWAY.from_ms, NOW, id="two: wider rather than narrower"
        ),
        pytest.param(replace(STATE, outages_told_ms=AWAY.to_ms), [AWAY], None, AWAY.to_ms, id="told already"),
        pytest.param(replace(STATE, connected_at_ms=NOW), [AWAY], None, 0, id="connected after it"),
        pytest.param(
            replace(STATE, connected_at_ms=NOW - 2 * HOUR), [AWAY], NOW - 2 * HOUR, AWAY.to_ms, id="connected in it"
        ),
        pytest.param(replace(STATE, gap_from_ms=7), [AWAY], 7, AWAY.to_ms, id="within a gap"),
    ],
)  # fmt: skip
def test_an_outage_of_the_relay_is_a_gap_of_every_page_once(
    state: AuditState, outages: list[Outage], gap_from_ms: int | None, told_ms: int
) -> None:
    after = missed(state, outages)

    assert (after.gap_from_ms, after.outages_told_ms) == (gap_from_ms, told_ms)
    assert after.gap_reason in {"", RELAY_WAS_AWAY}


@pytest.mark.parametrize(
    ("page", "before", "outage", "gap_from_ms"),
    [
        pytest.param(MOVED, STATE, Outage(NOW - 5 * HOUR, NOW - 3 * HOUR), None, id="moved after it"),
        pytest.param(MOVED, STATE, Outage(NOW - 4 * HOUR, NOW - HOUR), NOW - 2 * HOUR, id="moved in it"),
        pytest.param(MOVED, STATE, Outage(NOW - HOUR, NOW), NOW - HOUR, id="moved before it"),
        pytest.param(MOVED, None, Outage(NOW - 5 * HOUR, NOW - 3 * HOUR), None, id="moved after it, never audited"),
        pytest.param(AGAIN, STATE, AWAY, AWAY.from_ms, id="connected again after it"),
        pytest.param(AGAIN, replace(STATE, outages_told_ms=AWAY.to_ms), AWAY, None, id="connected again, told already"),
        pytest.param(with_fields(AGAIN, site="beta"), STATE, AWAY, None, id="connected at another site after it"),
    ],
)
def test_an_outage_concerns_a_site_as_far_as_it_had_the_page(
    page: ConnectedPage, before: AuditState | None, outage: Outage, gap_from_ms: int | None
) -> None:
    assert missed(standing(before, page, page.site), [outage]).gap_from_ms == gap_from_ms
