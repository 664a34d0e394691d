"""What an answer to `sendMessage` means for the message, and the words an operator reads. Decisions only.

The rule: Telegram's refusal says that nothing was sent; an answer that is none, and every 5xx, leaves the outcome
unknown, as there is no idempotency key and no way to list what a bot has sent.
Source of the descriptions: https://github.com/tdlib/telegram-bot-api, https://github.com/tdlib/td
"""

from onsite.core.errors import TelegramError, TelegramTrouble
from onsite.core.sending import Lost, Postponed, Refused, SendOutcome, Sent
from onsite.core.telegram.answers import decode_answer, decode_object_result
from shared.lenient import as_id

RETRY_PAUSE_S = 10.0
"""When no connection was made. The caller lengthens it and bounds the attempts."""

_NOT_A_MEMBER = ("not_a_member", "The bot is not in this chat any more: somebody has to add it again.")
_NOT_FOUND = ("chat_not_found", "Telegram knows no such chat for this bot.")
_CLOSED = ("topic_closed", "The topic of this group is closed or was deleted.")
_TOO_LONG = ("text_too_long", "The message is too long for Telegram.")
_NO_RIGHTS = ("no_rights", "The bot has no right to write in this chat.")

_REFUSALS: tuple[tuple[str, tuple[str, str]], ...] = (
    ("blocked by the user", ("blocked", "This person has blocked the bot; only they can undo that.")),
    ("user is deactivated", ("person_unavailable", "This person's Telegram account no longer exists.")),
    (
        "can't initiate conversation",
        ("person_unavailable", "The bot cannot write first: this person has to write to it."),
    ),
    ("can't send messages to bots", ("person_unavailable", "This is a bot; bots do not write to bots.")),
    ("bot was kicked", _NOT_A_MEMBER),
    ("bot is not a member", _NOT_A_MEMBER),
    ("group chat was deleted", ("chat_gone", "The group was deleted.")),
    ("upgraded to a supergroup", ("chat_moved", "The group became a supergroup and goes on in another conversation.")),
    ("chat not found", _NOT_FOUND),
    ("chat_id is empty", _NOT_FOUND),
    ("peer_id_invalid", _NOT_FOUND),
    ("message thread not found", _CLOSED),
    ("topic_closed", _CLOSED),
    ("topic_deleted", _CLOSED),
    ("message is too long", _TOO_LONG),
    ("text is too long", _TOO_LONG),
    ("text is empty", ("text_empty", "An empty message cannot be sent.")),
    ("replied not found", ("reply_target_gone", "The message that this one replies to is gone.")),
    ("not enough rights", _NO_RIGHTS),
    ("have no rights", _NO_RIGHTS),
    ("chat_write_forbidden", _NO_RIGHTS),
    ("business_connection", ("connection_gone", "The business connection of this conversation has ended.")),
)
"""Part of a description, then code and sentence; the first row that fits counts."""


def decode_send_answer(status: int, body: bytes, *, moved_to: int | None = None) -> SendOutcome:
    """Say what an answer to `sendMessage` means. Total: anything unreadable is Lost.

    `moved_to` is the chat that took the message in place of the one that was addressed. A supergroup counts its own
    messages (https://core.telegram.org/api/channel#migration), so its ids may repeat those of the group under which the
    conversation is kept: the id then names the chat too, `<chat id>:<message id>`.
    """
    try:
        message_id = as_id(decode_object_result(decode_answer(status, body)).get("message_id"))
    except TelegramError as error:
        return outcome_of(error)
    if not message_id:
        return Lost("Telegram took the message but did not tell its id.")
    return Sent(message_id if moved_to is None else f"{moved_to}:{message_id}")


def outcome_of(error: TelegramError) -> Refused | Lost | Postponed:
    """Say what a failed `sendMessage` means for the message."""
    match error.trouble:
        case TelegramTrouble.TOKEN:
            sentence = "Telegram does not accept the bot's token: enter the current one from @BotFather."
            return Refused("token_invalid", sentence, channel_broken=True)
        case TelegramTrouble.THROTTLED:
            return Postponed(error.retry_after_s, "Telegram asks for a pause, as there were too many messages.")
        case TelegramTrouble.UNREACHABLE:
            return Postponed(RETRY_PAUSE_S, "Telegram could not be reached; nothing was sent yet.")
        case TelegramTrouble.CONFLICT:
            return Postponed(RETRY_PAUSE_S, "Telegram says that another program uses the bot; nothing was sent yet.")
        case TelegramTrouble.UNCLEAR:
            return Lost("Telegram did not answer in a way that tells whether the message went out.")
        case TelegramTrouble.REFUSED:
            return _refused(error.description)


def _refused(description: str) -> Refused:
    lowered = description.lower()
    for part, (code, sentence) in _REFUSALS:
        if part in lowered:
            return Refused(code, sentence)
    return Refused("refused", f"Telegram refused the message: {description}.")
