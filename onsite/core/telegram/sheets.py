"""Contents that are read rather than fetched, as attachments: a poll, a die, a checklist, a game, an invoice.

Source: https://core.telegram.org/bots/api#message
"""

from collections.abc import Callable, Iterable
from typing import Any

from onsite.core.model import Attachment, AttachmentKind
from shared.lenient import JsonObject, as_int, as_list, as_object, as_text


def read_poll(value: Any) -> Attachment:
    """Read a poll: the question, and an option on each line."""
    poll = as_object(value)
    return _sheet(AttachmentKind.POLL, poll, "question", _texts(poll.get("options")))


def read_checklist(value: Any) -> Attachment:
    """Read a checklist: its title, and a task on each line."""
    checklist = as_object(value)
    return _sheet(AttachmentKind.POLL, checklist, "title", _texts(checklist.get("tasks")))


def read_dice(value: Any) -> Attachment:
    """Read a throw: the emoji that was thrown, and its value."""
    dice = as_object(value)
    thrown = " ".join(filter(None, (as_text(dice.get("emoji")), as_text(as_int(dice.get("value"))))))
    return Attachment(AttachmentKind.DICE, title=thrown or "dice")


def read_invoice(value: Any) -> Attachment:
    """Read an invoice: its title, what it is for, and the amount in the smallest unit of its currency."""
    invoice = as_object(value)
    amount = " ".join(filter(None, (as_text(invoice.get("total_amount")), as_text(invoice.get("currency")))))
    return _sheet(AttachmentKind.PRODUCT, invoice, "title", (as_text(invoice.get("description")), amount))


def read_game(value: Any) -> Attachment:
    """Read a game: its title and what it is about."""
    game = as_object(value)
    return _sheet(AttachmentKind.OTHER, game, "title", (as_text(game.get("description")),), unnamed="game")


def read_story(value: Any) -> Attachment:
    """Read a forwarded story, of which Telegram tells a bot no more than whose it is."""
    chat = as_object(as_object(value).get("chat"))
    names = (as_text(chat.get(key)) for key in ("first_name", "last_name", "title"))
    return Attachment(AttachmentKind.STORY, title=" ".join(filter(None, names)) or "story")


SHEETS: dict[str, Callable[[Any], Attachment]] = {
    "poll": read_poll,
    "checklist": read_checklist,
    "dice": read_dice,
    "invoice": read_invoice,
    "game": read_game,
    "story": read_story,
}


def _sheet(
    kind: AttachmentKind, content: JsonObject, title_key: str, lines: Iterable[str], *, unnamed: str = ""
) -> Attachment:
    title = as_text(content.get(title_key)) or unnamed or str(kind)
    return Attachment(kind, title=title, description="\n".join(filter(None, lines)))


def _texts(items: Any) -> list[str]:
    return [as_text(as_object(item).get("text")) for item in as_list(items)]
