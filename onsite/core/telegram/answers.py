"""What Telegram's Bot API answers: a result, or an error that says whether to stop, wait, or try again. No HTTP.

Rules: a result stays as Telegram wrote it, so that updates can be stored verbatim; an error is recognised by its status
and by parts of its description in any case of letters, as Telegram spells it either way.
Sources: https://core.telegram.org/bots/api#making-requests, https://github.com/tdlib/telegram-bot-api
"""

import json

import msgspec

from onsite.core.errors import TelegramError, TelegramTrouble
from shared.lenient import JsonObject, as_int, as_number, as_object, as_text, decode_object
from shared.logs import mask

DEFAULT_PAUSE_S = 5.0
"""Where Telegram asks for a pause without saying how long."""
_MAX_QUOTED = 200
_FIRST_FAILURE = 400
"""HTTP's first error status."""

_T = TelegramTrouble

_TROUBLES: tuple[tuple[range | None, str, TelegramTrouble], ...] = (
    (None, "method not found", _T.REFUSED),
    (None, "logged out", _T.TOKEN),
    (None, "bot has already been closed", _T.TOKEN),
    (range(401, 402), "", _T.TOKEN),
    (range(404, 405), "", _T.TOKEN),
    (range(421, 422), "", _T.TOKEN),
    (range(409, 410), "", _T.CONFLICT),
    (range(429, 430), "", _T.THROTTLED),
    (range(400, 500), "", _T.REFUSED),
    (range(500, 600), "", _T.UNCLEAR),
    (None, "unauthorized", _T.TOKEN),
    (None, "conflict:", _T.CONFLICT),
    (None, "forbidden:", _T.REFUSED),
    (None, "bad request:", _T.REFUSED),
)
"""Status, part of the description, meaning; the first row that fits counts."""


class _Success(msgspec.Struct):
    ok: bool
    result: msgspec.Raw


_success_decoder = msgspec.json.Decoder(_Success)
_list_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode_answer(status: int, body: bytes) -> bytes:
    """Return the result of a successful call as Telegram wrote it (JSON). Raises TelegramError, nothing else."""
    try:
        success = _success_decoder.decode(body)
    except _UNREADABLE:
        return _decode_unusual(status, body)
    if success.ok and status < _FIRST_FAILURE:
        return bytes(success.result)
    raise _refusal(status, _read(body))


def decode_updates(result: bytes) -> list[bytes]:
    """Return the updates of a poll's result, each as Telegram wrote it. Raises TelegramError."""
    try:
        return [bytes(update) for update in _list_decoder.decode(result)]
    except _UNREADABLE:
        return _decode_odd_updates(result)


def decode_object_result(result: bytes) -> JsonObject:
    """Return a result that is an object. Raises TelegramError."""
    try:
        return decode_object(result)
    except ValueError as error:
        raise TelegramError(_T.UNCLEAR, f"Telegram's answer cannot be read: {error}") from None


def migrated_to(status: int, body: bytes) -> int | None:
    """Return the new id of a group that became a supergroup, if that is why the call was refused."""
    try:
        decode_answer(status, body)
    except TelegramError as error:
        return error.migrate_to_chat_id
    return None


def _decode_unusual(status: int, body: bytes) -> bytes:
    """Read an error, or a success that only the standard decoder reads."""
    answer = _read(body)
    if answer.get("ok") is True and "result" in answer and status < _FIRST_FAILURE:
        return json.dumps(answer["result"]).encode("ascii")
    raise _refusal(status, answer)


def _decode_odd_updates(result: bytes) -> list[bytes]:
    """Write anew what the strict decoder refuses: one odd character of one update must not stop the bot for good."""
    updates = _read(b'{"updates":%b}' % result).get("updates")
    if not isinstance(updates, list):
        raise TelegramError(_T.UNCLEAR, "Telegram's list of updates cannot be read")
    return [json.dumps(update).encode("ascii") for update in updates]


def _refusal(status: int, answer: JsonObject) -> TelegramError:
    if answer.get("ok") is not False:
        return TelegramError(_T.UNCLEAR, f"the answer (status {status}) is not Telegram's")
    description = _quotable(as_text(answer.get("description")))
    parameters = as_object(answer.get("parameters"))
    pause_s = as_number(parameters.get("retry_after"))
    code = as_int(answer.get("error_code"))
    trouble = _T.THROTTLED if pause_s is not None else _trouble(status if code is None else code, description)
    if trouble is _T.THROTTLED:
        pause_s = DEFAULT_PAUSE_S if pause_s is None else max(1.0, pause_s)
    return TelegramError(
        trouble,
        description or f"Telegram refused the call (status {status})",
        retry_after_s=pause_s or 0.0,
        migrate_to_chat_id=as_int(parameters.get("migrate_to_chat_id")),
    )


def _trouble(code: int, description: str) -> TelegramTrouble:
    lowered = description.lower()
    fits = (trouble for codes, part, trouble in _TROUBLES if (codes is None or code in codes) and part in lowered)
    return next(fits, _T.UNCLEAR)


def _quotable(description: str) -> str:
    """Return Telegram's own words without a token, and without the piece of a text that a parser complains about."""
    words = description.partition("can't parse entities")
    return mask("".join(words[:2]))[:_MAX_QUOTED]


def _read(body: bytes) -> JsonObject:
    try:
        return decode_object(body)
    except ValueError:
        return {}
