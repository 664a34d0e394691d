"""What became of a message is shown with it, in whatever order this site learns of the two."""

from dataclasses import replace
from itertools import permutations

from onsite.core.model import (
    Attachment,
    AttachmentKind,
    Author,
    Change,
    Details,
    Kind,
    MessageFact,
    Referral,
    Span,
    Style,
)
from onsite.engine.incoming import IncomingEvent
from onsite.engine.views import AttachmentView, Version
from tests.integration.onsite.store import Store, echo, event, on_both_databases, said

pytestmark = on_both_databases


def change(key: str, what: Change, about: str, text: str = "", *, at: int, who: str = "psid-1") -> MessageFact:
    """State that something became of a message."""
    kind = Kind.TEXT if what is Change.EDIT else Kind.NOTICE
    return replace(said(key, text, at=at, who=who), kind=kind, label=str(what), change=what, about_key=about)


def story() -> list[IncomingEvent]:
    """Tell a message, two edits, a reaction, and that it was taken back."""
    return [
        event("m:m1", said("m1", "at four", at=1000, name="Ada")),
        event("e1", change("e1", Change.EDIT, "m1", "at five", at=2000)),
        event("e2", change("e2", Change.EDIT, "m1", "at six", at=3000)),
        event("r1", change("r1", Change.REACTION, "m1", "❤", at=4000)),
        event("d1", change("d1", Change.DELETION, "m1", at=5000)),
    ]


async def test_in_any_order_of_arrival_one_message_is_shown_with_all_that_became_of_it(store: Store) -> None:
    for number, order in enumerate(permutations(range(5))):
        who = f"psid-{number}"
        told = story()
        for index in order:
            facts = tuple(replace(fact, conversation_key=who) for fact in told[index].facts)
            await store.take(event(f"{who}:{told[index].key}", *facts))
    for conversation in await store.reader.conversations(limit=200, before=None):
        (message,) = await store.reader.messages(conversation.id, limit=10, before=None)
        assert (message.text, message.edited_at_ms, message.deleted_at_ms) == ("at six", 3000, 5000)
        assert message.earlier == (Version(1000, "at four", "", ()), Version(2000, "at five", "", ()))
        assert [(each.text, each.author, each.author_name) for each in message.reactions] == [
            ("❤", Author.CONTACT, "Ada")
        ]
        assert conversation.last_at_ms == 5000


async def test_what_became_of_a_message_that_is_not_here_stands_in_its_place(store: Store) -> None:
    await store.take(event("e1", change("e1", Change.EDIT, "m0", "at five", at=2000)))
    await store.take(event("r1", change("r1", Change.REACTION, "m0", "❤", at=3000)))

    edit, reaction = await store.messages()
    assert (edit.text, edit.change, edit.about_key) == ("at five", Change.EDIT, "m0")
    assert (reaction.text, reaction.label, reaction.change) == ("❤", "reaction", Change.REACTION)


async def test_a_customer_reacts_to_a_reply_before_its_sending_is_settled(store: Store) -> None:
    await store.take(event("m:m1", said("m1", at=1000)))
    await store.take(event("r1", change("r1", Change.REACTION, "mid.1", "👍", at=6500)))
    reply = await store.sent_reply("mid.1")

    shown = await store.reader.message(reply)
    assert [each.text for each in shown.reactions] == ["👍"]
    assert [each.id for each in await store.messages()] == [1, reply]


async def test_a_reaction_stays_with_a_reply_whose_echo_came_first_and_was_absorbed(store: Store) -> None:
    await store.take(event("m:m1", said("m1", at=1000)))
    await store.take(
        event("e:mid.1", echo("mid.1", at=6000)), event("r1", change("r1", Change.REACTION, "mid.1", "👍", at=6500))
    )
    reply = await store.sent_reply("mid.1")

    shown = {each.id: [reaction.text for reaction in each.reactions] for each in await store.messages()}
    assert shown[reply] == ["👍"]
    assert len(shown) == 2


async def test_a_page_of_a_list_holds_messages_only_however_much_became_of_them(store: Store) -> None:
    for number in range(3):
        await store.take(event(f"m:{number}", said(f"m{number}", f"text {number}", at=1000 + number)))
        for again in range(5):
            edit = change(f"e{number}.{again}", Change.EDIT, f"m{number}", f"edit {again}", at=2000 + again)
            await store.take(event(f"e:{number}.{again}", edit))

    conversation = await store.conversation()
    newest = await store.reader.messages(conversation.id, limit=2, before=None)
    assert [(each.key, each.text, len(each.earlier)) for each in newest] == [("m2", "edit 4", 5), ("m1", "edit 4", 5)]
    rest = await store.reader.messages(conversation.id, limit=2, before=newest[-1].cursor)
    assert [each.key for each in rest] == ["m0"]


async def test_what_few_messages_have_comes_back_as_it_was(store: Store) -> None:
    details = Details(
        spans=(Span(0, 2, Style.LINK, "https://x.test"),),
        forwarded_from="Bo",
        quote="this part",
        album_key="12",
        referral=Referral(source="ADS", title="Lämps"),
    )
    poll = Attachment(AttachmentKind.POLL, title="When?", description="now\nlater")
    await store.take(event("m:m1", replace(said("m1"), details=details, attachments=(poll,))))

    (message,) = await store.messages()
    assert (message.details, message.attachments) == (details, (AttachmentView(poll),))


async def test_the_same_change_told_twice_is_one(store: Store) -> None:
    for _ in range(2):
        await store.take(*story())
    (message,) = await store.messages()
    assert len(message.earlier) == 2
    assert (await store.counts())["messages"] == 5
