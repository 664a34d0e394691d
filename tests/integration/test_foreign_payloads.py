"""Payloads that other projects use as test data go through both translators: none breaks one, none becomes a blank.

They are other people's files and no part of this repository: where they are absent the tests skip and say so.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from onsite.core.errors import TelegramError, TranslationError
from onsite.core.facebook.send import decode_send_answer
from onsite.core.facebook.translate import translate_item
from onsite.core.model import Kind, MessageFact, Translation
from onsite.core.sending import Lost, Postponed, Refused, Sent
from onsite.core.telegram.answers import decode_answer, decode_updates
from onsite.core.telegram.outcomes import decode_send_answer as decode_telegram_send_answer
from onsite.core.telegram.translate import translate_update

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"
RECEIVED_AT_MS = 1_760_000_000_000
MESSAGE_WITHOUT_A_CHAT = "telegram/responses/teloxide_teloxide/request__04_response.json"
"""The only file with something that cannot be placed: one update of it is broken on purpose, the others count."""

pytestmark = pytest.mark.skipif(
    not (PAYLOADS / "manifest.json").is_file(), reason=f"other projects' payloads are not here: {PAYLOADS}"
)


class Document(NamedTuple):
    """One file, as its manifest describes it."""

    file: str
    platform: str
    kind: str
    body: bytes


class Item(NamedTuple):
    """What a translator was given, and what it made of it."""

    origin: str
    name: str
    """What the item is, for the table."""
    source: Any
    translation: Translation | TranslationError

    @property
    def verdict(self) -> str:
        if isinstance(self.translation, TranslationError):
            return "quarantine"
        kinds = {fact.kind if isinstance(fact, MessageFact) else "receipt" for fact in self.translation.facts}
        if not kinds:
            return "no fact"
        return "placeholder" if Kind.PLACEHOLDER in kinds else "own kind"


def documents(*kinds: tuple[str, str]) -> list[Document]:
    manifest = json.loads((PAYLOADS / "manifest.json").read_bytes())
    return [
        Document(entry["file"], entry["platform"], entry["kind"], (PAYLOADS / entry["file"]).read_bytes())
        for entry in manifest
        if (entry["platform"], entry["kind"]) in kinds
    ]


def parsed(document: Document) -> Any:
    """Return the JSON of a file, or None: some are malformed on purpose, which is for the relay to find out."""
    try:
        return json.loads(document.body)
    except ValueError:
        return None


def translate_for_page(kind: str, page_id: str, item: Any) -> Translation | TranslationError:
    try:
        return translate_item(kind, page_id, json.dumps(item).encode(), received_at_ms=RECEIVED_AT_MS)
    except TranslationError as error:
        return error


def translate_for_bot(update: bytes) -> Translation | TranslationError:
    try:
        return translate_update(update, received_at_ms=RECEIVED_AT_MS)
    except TranslationError as error:
        return error


def page_items() -> Iterator[Item]:
    """Split whole webhooks as the relay does, and take single events as they are."""
    for document in documents(("facebook", "webhook"), ("instagram", "webhook")):
        body = parsed(document)
        for entry in body.get("entry", []) if isinstance(body, dict) else []:
            for kind in ("messaging", "standby", "changes"):
                for item in entry.get(kind, []):
                    translation = translate_for_page(kind, str(entry.get("id", "")), item)
                    yield Item(document.file, f"{document.platform} {kind} {name_of(item)}", item, translation)
    for document in documents(("facebook", "event")):
        event = parsed(document)
        page_id = str(event.get("recipient", {}).get("id", ""))
        translation = translate_for_page("messaging", page_id, event)
        yield Item(document.file, f"facebook messaging {name_of(event)}", event, translation)


def name_of(item: Any) -> str:
    if "field" in item:
        return str(item["field"])
    return "+".join(sorted(item.keys() - {"sender", "recipient", "timestamp"})) or "nothing"


def bot_items() -> Iterator[Item]:
    """Take updates, messages as if they had come in one, and whatever polls answered."""
    for document in documents(("telegram", "update")):
        update = parsed(document)
        yield Item(document.file, f"telegram {name_of_update(update)}", update, translate_for_bot(document.body))
    for document in documents(("telegram", "message")):
        update = {"update_id": 1, "message": parsed(document)}
        yield Item(document.file, "telegram bare message", update, translate_for_bot(json.dumps(update).encode()))
    for document in documents(("telegram", "response")):
        for update_body in polled_updates(document.body):
            update = json.loads(update_body)
            yield Item(document.file, f"telegram {name_of_update(update)}", update, translate_for_bot(update_body))


def name_of_update(update: Any) -> str:
    return "+".join(sorted(update.keys() - {"update_id"}))


def polled_updates(body: bytes) -> list[bytes]:
    try:
        return [update for update in decode_updates(decode_answer(200, body)) if b'"update_id"' in update]
    except TelegramError:
        return []


def print_table(items: list[Item]) -> None:
    verdicts = ("own kind", "placeholder", "no fact", "quarantine")
    counts = Counter((item.name, item.verdict) for item in items)
    names = sorted({item.name for item in items})
    width = max(map(len, names))
    print()  # noqa: T201  the table is what a person runs this with -s for
    print(f"{'':{width}} " + " ".join(f"{verdict:>11}" for verdict in verdicts))  # noqa: T201
    for name in names:
        row = " ".join(f"{counts[name, verdict] or '·':>11}" for verdict in verdicts)
        print(f"{name:{width}} {row}")  # noqa: T201


def assert_never_blank(items: list[Item]) -> None:
    blank = [
        item.origin
        for item in items
        if isinstance(item.translation, Translation)
        for fact in item.translation.facts
        if isinstance(fact, MessageFact) and not (fact.text.strip() or fact.attachments or fact.label)
    ]
    assert blank == []


def test_no_foreign_event_of_a_page_breaks_the_translator_or_becomes_a_blank() -> None:
    items = list(page_items())
    print_table(items)

    assert len(items) > 100
    assert_never_blank(items)
    assert [item.origin for item in items if item.verdict == "quarantine"] == []


def test_no_foreign_update_of_a_bot_breaks_the_translator_or_becomes_a_blank() -> None:
    items = list(bot_items())
    print_table(items)

    assert len(items) > 50
    assert_never_blank(items)
    assert {item.origin for item in items if item.verdict == "quarantine"} == {MESSAGE_WITHOUT_A_CHAT}


def test_every_foreign_text_is_shown_as_one() -> None:
    texts = [item for item in (*page_items(), *bot_items()) if "text" in (item.source.get("message") or {})]

    assert len(texts) > 50
    assert [item.origin for item in texts if item.verdict != "own kind"] == []


@pytest.mark.parametrize("status", [200, 400, 500])
def test_every_foreign_answer_of_the_graph_api_means_something(status: int) -> None:
    for document in documents(("facebook", "response")):
        assert isinstance(decode_send_answer(status, document.body), Sent | Refused | Lost | Postponed)


@pytest.mark.parametrize("status", [200, 400, 500])
def test_every_foreign_answer_of_the_bot_api_means_something(status: int) -> None:
    for document in documents(("telegram", "response")):
        assert isinstance(decode_telegram_send_answer(status, document.body), Sent | Refused | Lost | Postponed)
