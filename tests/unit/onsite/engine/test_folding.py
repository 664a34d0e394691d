"""A message and what became of it, folded: the same whatever the order in which it was learned."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from onsite.core.model import Attachment, AttachmentKind, Author, Change, Direction, Kind
from onsite.engine.folding import folded
from onsite.engine.views import AttachmentView, MessageView, Reaction, Version

IMAGE = AttachmentView(Attachment(AttachmentKind.IMAGE, url="https://example.com/1.jpg"))
SAID = MessageView(
    id=1,
    conversation_id=1,
    direction=Direction.INBOUND,
    author=Author.CONTACT,
    author_id=7,
    author_name="Ada",
    kind=Kind.TEXT,
    sent_at_ms=1000,
    text="at four",
    payload="",
    label="",
    reply_to_key="",
    key="m1",
    state=None,
    failure_code="",
    failure="",
    backfilled=False,
    attachments=(),
)
NUMBERS = st.integers(min_value=2, max_value=60)


def change(what: Change, number: int, text: str = "", *, at_ms: int = 0, who: int = 7) -> MessageView:
    """Return what became of the message; numbers are given in the order in which it was learned."""
    kind = Kind.TEXT if what is Change.EDIT else Kind.NOTICE
    return replace(
        SAID,
        id=number,
        key=f"c{number}",
        kind=kind,
        text=text,
        sent_at_ms=at_ms or 1000 + number,
        author_id=who,
        author_name=f"person {who}",
        change=what,
        about_key="m1",
    )


def test_nothing_became_of_it() -> None:
    assert folded(SAID, ()) == SAID


def test_an_edit_shows_and_what_was_said_before_is_kept() -> None:
    now = folded(SAID, [change(Change.EDIT, 3, "at six"), change(Change.EDIT, 2, "at five")])

    assert (now.text, now.edited_at_ms, now.kind, now.id) == ("at six", 1003, Kind.TEXT, 1)
    assert now.earlier == (Version(1000, "at four", "", ()), Version(1002, "at five", "", ()))


def test_an_edit_that_changes_nothing_leaves_no_trace() -> None:
    assert folded(SAID, [change(Change.EDIT, 2, "at four")]) == SAID


def test_an_edited_caption_keeps_its_picture_and_a_new_picture_takes_its_place() -> None:
    picture = replace(SAID, kind=Kind.MEDIA, text="look", attachments=(IMAGE,))
    other = AttachmentView(replace(IMAGE.attachment, url="https://example.com/2.jpg"))

    caption = folded(picture, [change(Change.EDIT, 2, "look!")])
    assert (caption.kind, caption.text, caption.attachments) == (Kind.MEDIA, "look!", (IMAGE,))
    replaced = folded(picture, [replace(change(Change.EDIT, 2, "look"), kind=Kind.MEDIA, attachments=(other,))])
    assert (replaced.attachments, replaced.earlier[0].attachments) == ((other,), (IMAGE,))


def test_what_is_taken_back_says_when_and_still_what_it_said() -> None:
    now = folded(SAID, [change(Change.DELETION, 2)])

    assert (now.deleted_at_ms, now.text) == (1002, "at four")


def test_each_has_one_reaction_until_they_take_it_back() -> None:
    reactions = [
        change(Change.REACTION, 2, "❤", who=7),
        change(Change.REACTION, 3, "👍", who=8),
        change(Change.REACTION, 4, "😮", who=7),
        change(Change.REACTION, 5, "", who=8),
    ]

    assert folded(SAID, reactions).reactions == (Reaction(1004, Author.CONTACT, "person 7", "😮"),)


@given(
    st.lists(
        st.builds(change, st.sampled_from(Change), NUMBERS, st.sampled_from(["", "a", "b", "at four"])),
        unique_by=lambda each: each.id,
    ).flatmap(lambda changes: st.tuples(st.just(changes), st.permutations(changes)))
)
def test_the_order_in_which_it_was_learned_is_of_no_matter(orders: tuple[list[MessageView], list[MessageView]]) -> None:
    in_one, in_another = orders
    assert folded(SAID, in_one) == folded(SAID, in_another)
