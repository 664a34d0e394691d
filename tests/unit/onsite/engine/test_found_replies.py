"""Which reply was found in a conversation: a table, and what must hold whatever was said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onsite.core.sending import SendState
from onsite.engine.found_replies import CLOCKS_APART_MS, SENT_WITHIN_MS, FoundReply, OwnReply, recognised

AT_MS = 1_795_000_000_000


def own(number: int = 1, text: str = "yes", *, state: SendState = SendState.UNKNOWN, at: int = 0) -> OwnReply:
    return OwnReply(number, 1, text, state, AT_MS + at)


def found(key: str = "m_1", text: str = "yes", *, at: int = 1000, conversation: int = 1) -> FoundReply:
    return FoundReply(key, conversation, text, AT_MS + at)


@pytest.mark.parametrize(
    ("said", "ours", "expected"),
    [
        pytest.param([found()], [own()], {(1, "m_1"): 1}, id="the same words soon after"),
        pytest.param([found(text=" yes\n")], [own()], {(1, "m_1"): 1}, id="but for space around them"),
        pytest.param([found(text="no")], [own()], {}, id="other words"),
        pytest.param([found(conversation=2)], [own()], {}, id="to somebody else"),
        pytest.param([found(at=-CLOCKS_APART_MS)], [own()], {(1, "m_1"): 1}, id="clocks apart"),
        pytest.param([found(at=-CLOCKS_APART_MS - 1)], [own()], {}, id="before it was written"),
        pytest.param([found(at=SENT_WITHIN_MS)], [own()], {(1, "m_1"): 1}, id="at the last attempt"),
        pytest.param([found(at=SENT_WITHIN_MS + 1)], [own()], {}, id="long after"),
        pytest.param([found("m_1"), found("m_2")], [own()], {}, id="said twice, written once"),
        pytest.param([found()], [own(1), own(2)], {}, id="written twice, said once"),
        pytest.param([found()], [own(), own(2, state=SendState.SENDING)], {}, id="another on its way"),
        pytest.param([found()], [own(), own(2, state=SendState.FAILED)], {}, id="another that failed"),
        pytest.param([found()], [own(state=SendState.SENDING)], {}, id="still on its way"),
        pytest.param([found()], [own(state=SendState.FAILED)], {}, id="an operator saw nothing arrive"),
        pytest.param([found()], [own(state=SendState.SENT)], {(1, "m_1"): 1}, id="an operator saw it arrive"),
        pytest.param(
            [found("m_1"), found("m_2", "no")],
            [own(1), own(2, "no")],
            {(1, "m_1"): 1, (1, "m_2"): 2},
            id="two, each with its own words",
        ),
    ],
)
def test_a_reply_is_recognised_where_nothing_else_can_be_meant(
    said: list[FoundReply], ours: list[OwnReply], expected: dict[tuple[int, str], int]
) -> None:
    assert recognised(said, ours) == expected


_texts, _moments = st.sampled_from(["yes", "no"]), st.integers(-200_000, 2_000_000)
_found = st.builds(FoundReply, st.sampled_from(["m_1", "m_2", "m_3"]), st.just(1), _texts, _moments)
_own = st.builds(OwnReply, st.integers(1, 5), st.just(1), _texts, st.sampled_from(SendState), _moments)


@given(
    st.lists(_found, max_size=4, unique_by=lambda one: one.key),
    st.lists(_own, max_size=4, unique_by=lambda one: one.id),
)
def test_no_reply_is_taken_for_two_messages_and_no_message_for_two_replies(
    said: list[FoundReply], ours: list[OwnReply]
) -> None:
    matched = recognised(said, ours)
    texts = {reply.id: reply.text for reply in ours}

    assert len(set(matched.values())) == len(matched)
    assert all(texts[matched[1, one.key]] == one.text for one in said if (1, one.key) in matched)
