"""Meta's webhooks as values: is a body authentic, what does it hold, how is the callback verified. No HTTP.

Rules: the signature is checked over the raw bytes before anything is parsed, as Meta signs its own escaped form of
JSON; each entry and each item is read for itself, so that an odd one never costs another, and neither does one that is
nested too deep (`core.nesting`); items are cut out byte for byte and are not looked into, because translating them is
the site's business. One thing alone is mended on the way:
half a surrogate pair (a text that was cut inside an emoji) becomes U+FFFD, as strict decoders, ours and the site's,
would otherwise refuse the whole body for it.
Source: https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks
"""

import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
from pydantic import SecretStr

from relay.core.errors import BadSignature, ChallengeRefused, MalformedBody
from relay.core.nesting import cut_deep, may_be_deep
from shared.names import is_page_id
from shared.wire import KIND_MESSAGING, PLATFORM_KINDS

WEBHOOK_PATH = "/facebook/webhook"
"""Where Meta posts, below the relay's public address."""
SIGNATURE_HEADER = "X-Hub-Signature-256"
KNOWN_OBJECTS = frozenset({"page", "instagram"})
"""Objects whose entries are routed by their id; a body of any other is answered with 200 and counted."""

MAX_BODY_BYTES = 16 * 1024 * 1024
"""Meta batches up to 1000 updates in a body and names no limit in bytes; refusing an honest one would get the page
unsubscribed, so this is generous."""

_SIGNATURE_PREFIX = "sha256="
_SIGNATURE_FORM = re.compile(_SIGNATURE_PREFIX + "[0-9a-f]{64}")
_NOT_ITEMS = frozenset({"id", "time"})
_KIND = re.compile(r"[a-z0-9_]{1,40}")


class Incoming(NamedTuple):
    """One item of a webhook body."""

    page_id: str
    """`entry[].id`: what events are routed by."""
    kind: str
    """The name of the array it stood in: `messaging`, `standby`, `changes`, or one that Meta adds later."""
    payload: bytes
    """The item, byte for byte."""


class Split(NamedTuple):
    """What a body holds."""

    object: str
    """What kind of thing the body is about; empty where it does not say."""
    items: list[Incoming]
    odd: list[bytes]
    """Entries that cannot be routed: kept aside and counted."""
    deep: Sequence[bytes] = ()
    """Items that no decoder would read: kept aside and counted as well."""


class _PlainEntry(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    messaging: list[msgspec.Raw]
    time: msgspec.Raw = msgspec.Raw(b"0")


class _PlainBody(msgspec.Struct, forbid_unknown_fields=True):
    object: str
    entry: list[_PlainEntry]


class _Body(msgspec.Struct):
    object: msgspec.Raw = msgspec.Raw(b'""')
    entry: msgspec.Raw = msgspec.Raw(b"[]")


_plain_decoder = msgspec.json.Decoder(_PlainBody)
_body_decoder = msgspec.json.Decoder(_Body)
_list_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_entry_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_text_decoder = msgspec.json.Decoder(str | int)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_ESCAPES = re.compile(
    rb"(?P<whole>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u(?![dD][89a-fA-F])|\\[^u])"
    rb"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}",
    re.DOTALL,
)
"""Each escape of a JSON text from the left, so that none is mistaken; what is no `whole` one is half a pair."""


def check_signature_form(header: str | None) -> None:
    """Return when `header` can be a signature: to be asked before a body is even read. Raises BadSignature."""
    if not header:
        raise BadSignature(f"{SIGNATURE_HEADER} is missing")
    if _SIGNATURE_FORM.fullmatch(header) is None:
        raise BadSignature(f"{SIGNATURE_HEADER} is no signature: {_SIGNATURE_PREFIX} and 64 hexadecimal digits")


def verify_signature(header: str | None, body: bytes, *, app_secret: SecretStr) -> None:
    """Return when `header` is Meta's signature of `body`. Raises BadSignature; compares in constant time."""
    if not header or not header.startswith(_SIGNATURE_PREFIX):
        raise BadSignature(f"{SIGNATURE_HEADER} is missing")
    expected = hmac.digest(app_secret.get_secret_value().encode(), body, "sha256").hex()
    offered = header[len(_SIGNATURE_PREFIX) :].encode("utf-8", "surrogatepass")
    if not hmac.compare_digest(offered, expected.encode()):
        raise BadSignature("the signature does not fit this app's secret")


def answer_challenge(query: Mapping[str, str], *, verify_token: SecretStr) -> str:
    """Return the challenge that a verification request wants back verbatim. Raises ChallengeRefused."""
    offered = query.get("hub.verify_token", "").encode("utf-8", "surrogatepass")
    wanted = verify_token.get_secret_value().encode()
    if query.get("hub.mode") != "subscribe" or not hmac.compare_digest(offered, wanted):
        raise ChallengeRefused("hub.mode is not 'subscribe', or hub.verify_token is not this relay's")
    return query.get("hub.challenge", "")


def split(body: bytes) -> Split:
    """Cut an authentic body into its items, in their order. Raises MalformedBody when it is no JSON object at all."""
    try:
        body.decode()  # an item is passed on unread, so its encoding is checked here, for all at once
        return _split_shallow(body) or _split_deep(body)
    except _UNREADABLE as error:
        raise MalformedBody(f"the body is no JSON object: {error}") from None


def _split_shallow(body: bytes) -> Split | None:
    """Cut a body; None where an item may be nested too deep."""
    if not may_be_deep(body):
        return _split_plain(body) or _split_any(body)
    try:
        parts = _split_plain(body) or _split_any(body)
    except RecursionError:
        return None
    pieces = [item.payload for item in parts.items] + parts.odd
    return None if any(map(may_be_deep, pieces)) else parts


def _split_deep(body: bytes) -> Split:
    shallow = cut_deep(body)
    parts = _split_plain(shallow.body) or _split_any(shallow.body)
    items = [item for item in parts.items if item.payload != shallow.mark]
    return parts._replace(items=items, deep=shallow.cut)


def _split_plain(body: bytes) -> Split | None:
    """Cut a body of messages and nothing else, as nearly all are, in one go; None where it takes a closer look."""
    try:
        plain = _plain_decoder.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    if plain.object not in KNOWN_OBJECTS or not all(is_page_id(entry.id) and entry.messaging for entry in plain.entry):
        return None
    items = [Incoming(entry.id, KIND_MESSAGING, bytes(item)) for entry in plain.entry for item in entry.messaging]
    return Split(plain.object, items, [])


def _split_any(body: bytes) -> Split:
    envelope = _envelope(body)
    subject = _text(envelope.object)
    items: list[Incoming] = []
    odd: list[bytes] = []
    if subject in KNOWN_OBJECTS:
        for entry in _entries(envelope.entry, odd):
            _split_entry(entry, items, odd)
    return Split(subject, items, odd)


def _envelope(body: bytes) -> _Body:
    try:
        return _body_decoder.decode(body)
    except msgspec.DecodeError:
        return _body_decoder.decode(_ESCAPES.sub(lambda escape: escape["whole"] or rb"\ufffd", body))


def _entries(raw: msgspec.Raw, odd: list[bytes]) -> list[msgspec.Raw]:
    try:
        return _list_decoder.decode(raw)
    except _UNREADABLE:
        odd.append(bytes(raw))
        return []


def _split_entry(raw: msgspec.Raw, items: list[Incoming], odd: list[bytes]) -> None:
    try:
        entry = _entry_decoder.decode(raw)
    except _UNREADABLE:
        odd.append(bytes(raw))
        return
    page_id = _text(entry.get("id", msgspec.Raw(b'""')))
    found = list(_items_of(page_id, entry)) if is_page_id(page_id) else []
    items += found
    if not found or not _is_taken_whole(entry):
        odd.append(bytes(raw))


def _is_taken_whole(entry: Mapping[str, msgspec.Raw]) -> bool:
    """Whether nothing of the entry would vanish if it were not kept: an array of an odd name, or no array at all."""
    arrays = {kind for kind, value in entry.items() if bytes(value).startswith(b"[")}
    return all(_KIND.fullmatch(kind) for kind in arrays) and all(
        kind in arrays for kind in PLATFORM_KINDS if kind in entry
    )


def _items_of(page_id: str, entry: Mapping[str, msgspec.Raw]) -> Iterator[Incoming]:
    for kind, value in entry.items():
        if kind in _NOT_ITEMS or not _KIND.fullmatch(kind):
            continue
        try:
            payloads = _list_decoder.decode(value)
        except _UNREADABLE:
            continue
        for payload in payloads:
            yield Incoming(page_id, kind, bytes(payload))


def _text(raw: msgspec.Raw) -> str:
    try:
        return str(_text_decoder.decode(raw))
    except _UNREADABLE:
        return ""
