"""A message as it is now: what was said, and what became of it afterwards, folded into one view. Pure.

The rule: the result depends on what happened when, and not on the order in which this site learned of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from onsite.core.model import Change, Kind
from onsite.engine.views import MessageView, Reaction, Version


def folded(message: MessageView, changes: Iterable[MessageView]) -> MessageView:
    """Return the message after its changes."""
    in_order = sorted(changes, key=lambda each: (each.sent_at_ms, each.id))
    for edit in _of(in_order, Change.EDIT):
        message = _edited(message, edit)
    deletions = _of(in_order, Change.DELETION)
    return replace(
        message,
        deleted_at_ms=deletions[0].sent_at_ms if deletions else None,
        reactions=_reactions(_of(in_order, Change.REACTION)),
    )


def _of(changes: Iterable[MessageView], change: Change) -> list[MessageView]:
    return [each for each in changes if each.change is change]


def _edited(message: MessageView, edit: MessageView) -> MessageView:
    """Apply one edit. One that changes nothing, as when Telegram loads a link's preview, leaves no trace."""
    # Messenger's edit tells the text alone, and in Telegram nothing loses what was attached to it.
    attachments = edit.attachments or message.attachments
    kind = Kind.MEDIA if attachments and edit.kind is Kind.TEXT else edit.kind
    label = edit.label if kind is Kind.PLACEHOLDER else ""
    if (edit.text, attachments, label) == (message.text, message.attachments, message.label):
        return replace(message, details=replace(message.details, spans=edit.details.spans))
    before = Version(message.edited_at_ms or message.sent_at_ms, message.text, message.label, message.attachments)
    return replace(
        message,
        kind=kind,
        text=edit.text,
        label=label,
        attachments=attachments,
        details=replace(message.details, spans=edit.details.spans),
        earlier=(*message.earlier, before),
        edited_at_ms=edit.sent_at_ms,
    )


def _reactions(changes: Sequence[MessageView]) -> tuple[Reaction, ...]:
    """Keep each one's last; those that were taken back are none."""
    last = {(each.author, each.author_id): each for each in changes}
    return tuple(
        Reaction(each.sent_at_ms, each.author, each.author_name, each.text) for each in last.values() if each.text
    )
