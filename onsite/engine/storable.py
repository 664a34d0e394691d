"""Makes facts fit for any database, so that no customer's message can break a batch. Pure.

The translators read leniently and already leave out what no database takes (`shared.lenient`). This is the gate behind
them: a fault of a translator then costs one event, not the batch and everything that waits behind it.
Text loses only characters that are none; a time that is no time raises, as nothing could be put in order by it.
"""

import math
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from onsite.core.errors import TranslationError
from onsite.core.model import NO_DETAILS, Fact, MessageFact, ReachFact, ReceiptFact
from shared.clock import LAST_MS
from shared.lenient import as_text

MAX_INT = 2**63 - 1

_Value = TypeVar("_Value")


def storable_fact(fact: Fact) -> Fact:
    """Return `fact` with every value fit to be stored. Raises TranslationError when a time or a key is unusable."""
    if isinstance(fact, MessageFact):
        _check_key(fact.message_key)
        _check_time(fact.sent_at_ms)
    elif isinstance(fact, ReceiptFact) and fact.watermark_ms is not None:
        _check_time(fact.watermark_ms)
    elif isinstance(fact, ReachFact):
        _check_time(fact.at_ms)
    _check_key(fact.conversation_key)
    return fact if _is_plain(fact) else _storable(fact)


def _is_plain(fact: Fact) -> bool:
    """Whether nothing can be wrong with it; answers in one look for nearly all messages, and may say no in vain."""
    if not isinstance(fact, MessageFact) or fact.attachments or fact.details is not NO_DETAILS:
        return False
    person = fact.person
    texts = [fact.text, fact.conversation_title, fact.payload, fact.label, fact.reply_to_key, fact.correlation]
    texts += [fact.conversation_key, fact.message_key, fact.about_key]
    texts += [] if person is None else [person.key, person.name, person.username, person.language]
    together = "".join(texts)
    return "\0" not in together and as_text(together) == together


def _check_time(time_ms: int) -> None:
    if not 0 <= time_ms <= LAST_MS:
        raise TranslationError(f"its time is {time_ms} ms since 1970, which is no time")


def _check_key(key: str) -> None:
    if not key:
        raise TranslationError("it names no conversation, or has no id of its own")


def _storable(value: _Value) -> _Value:
    """Walk through dataclasses and tuples, and copy only what must change; an optional number may become None."""
    fit: Any = value
    if is_dataclass(value) and not isinstance(value, type):
        fit = _storable_fields(value)
    elif isinstance(value, tuple):
        walked = tuple(_storable(item) for item in value)
        fit = walked if any(new is not old for new, old in zip(walked, value, strict=True)) else value
    elif type(value) is str:
        fit = text if (text := as_text(value)) != value else value
    elif isinstance(value, float):
        fit = value if math.isfinite(value) else None
    elif isinstance(value, int):
        fit = value if abs(value) <= MAX_INT else None
    return cast("_Value", fit)


def _storable_fields(value: Any) -> Any:
    changed = {
        field.name: new for field in fields(value) if (new := _storable(old := getattr(value, field.name))) is not old
    }
    return replace(value, **changed) if changed else value
