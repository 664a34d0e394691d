"""The stages of a login: every stage with every step, and who may take it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from relay.core.connecting.refusals import ConnectRefused, Reason
from relay.core.connecting.session import STEP_TTL_S, TABLE, Session, Stage, Step
from relay.core.connecting.ticket import digest

NOW_MS, BROWSER, LOGIN = 1_800_000_000_000, "cookie", "login"
ISSUED = Session("acme", "", NOW_MS + 1000)
BOUND = replace(ISSUED, browser=digest(BROWSER), login=digest(LOGIN))

STEPS: dict[Step, Callable[[Session], Session]] = {
    Step.OPEN: lambda session: session.opened(browser=BROWSER, login="next", now_ms=NOW_MS),
    Step.COME_BACK: lambda session: session.returned(browser=BROWSER, login=LOGIN, now_ms=NOW_MS),
    Step.LIST: lambda session: session.listed((), person="1", incomplete=False, now_ms=NOW_MS),
    Step.CHOOSE: lambda session: session.chosen(browser=BROWSER, now_ms=NOW_MS),
}


def at(stage: Stage) -> Session:
    return ISSUED if stage is Stage.ISSUED else replace(BOUND, stage=stage)


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("step", Step)
def test_a_step_leads_where_the_table_says_and_nowhere_else(stage: Stage, step: Step) -> None:
    following = TABLE.get((stage, step))
    if following is None:
        with pytest.raises(ConnectRefused):
            STEPS[step](at(stage))
    else:
        after = STEPS[step](at(stage))

        assert (after.stage, after.expires_at_ms) == (following, NOW_MS + STEP_TTL_S * 1000)


@pytest.mark.parametrize("stage", [Stage.OPENED, Stage.RETURNED, Stage.CHOOSING, Stage.DONE])
@pytest.mark.parametrize("step", [Step.OPEN, Step.COME_BACK, Step.CHOOSE])
def test_another_browser_gets_nowhere(stage: Stage, step: Step) -> None:
    session = replace(at(stage), browser=digest("another"))

    with pytest.raises(ConnectRefused) as refused:
        STEPS[step](session)

    assert refused.value.reason is (Reason.USED if step is Step.OPEN else Reason.OTHER_BROWSER)


@pytest.mark.parametrize("step", [Step.OPEN, Step.COME_BACK, Step.CHOOSE])
def test_who_comes_late_is_told_that(step: Step) -> None:
    with pytest.raises(ConnectRefused) as refused:
        STEPS[step](replace(BOUND, stage=Stage.OPENED, expires_at_ms=NOW_MS))

    assert refused.value.reason is Reason.EXPIRED


def test_the_answer_of_an_earlier_login_is_void() -> None:
    again = replace(BOUND, stage=Stage.OPENED).opened(browser=BROWSER, login="next", now_ms=NOW_MS)

    with pytest.raises(ConnectRefused) as refused:
        again.returned(browser=BROWSER, login=LOGIN, now_ms=NOW_MS)

    assert refused.value.reason is Reason.FORGED


def test_a_browser_without_a_cookie_is_nobodys() -> None:
    assert not ISSUED.is_of("")
    assert not BOUND.is_of("")


def test_nothing_of_a_refusal_can_be_tried_again_unless_its_words_say_so() -> None:
    assert ConnectRefused(Reason.USED, session_id="s").session_id == ""
    assert ConnectRefused(Reason.DECLINED, session_id="s").session_id == "s"
