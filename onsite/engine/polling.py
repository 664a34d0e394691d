"""What a poller does after a poll that failed. Decisions only: no clock, no network.

| trouble | channel says | then |
|---|---|---|
| token | token_refused | stop, until another token is given |
| conflict | conflict | again in 30 s: whoever else polls may stop |
| throttled | throttled | again when Telegram says, or after an hour; a little later so that not all come at once |
| refused | refused | again in 60 s: a server's configuration may be mended |
| unreachable, unclear | unreachable | again in 1, 2, 4 … 60 s, each time a random part of it |
"""

from dataclasses import dataclass

from onsite.core.errors import TelegramError, TelegramTrouble
from onsite.engine.channels import ChannelState

LONG_POLL_S = 50
"""Telegram clamps longer ones to this (tdlib/telegram-bot-api, Client.cpp, `LONG_POLL_MAX_TIMEOUT`)."""

CONFLICT_PAUSE_S = 30.0
REFUSED_PAUSE_S = 60.0
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0

LONGEST_THROTTLE_S = 3600.0
"""Telegram asks for seconds to minutes. A number beyond this is a proxy's or a garbled one, and must not silence a bot
for years; asked once an hour, a Telegram that meant it just says so again."""


@dataclass(frozen=True, slots=True)
class AfterTrouble:
    """What to write down, and how long to wait."""

    state: ChannelState
    sentence: str
    pause_s: float | None
    """Seconds until the next poll; None: no more polls."""


def updates_without_id() -> TelegramError:
    """Return the trouble of an answer none of whose updates tells its number: the offset cannot move."""
    return TelegramError(TelegramTrouble.UNCLEAR, "Telegram's updates carry no update_id")


def after_trouble(error: TelegramError, *, failures: int, jitter: float) -> AfterTrouble:
    """Decide. `failures` counts failed polls in a row, this one included; `jitter` is random, from 0 to 1."""
    said = str(error)
    match error.trouble:
        case TelegramTrouble.TOKEN:
            return AfterTrouble(
                ChannelState.TOKEN_REFUSED,
                f"Telegram refuses the bot's token ({said}): take a new one from @BotFather and give it with"
                " `onsite channel add telegram`",
                None,
            )
        case TelegramTrouble.CONFLICT:
            return AfterTrouble(ChannelState.CONFLICT, _conflict_sentence(said), CONFLICT_PAUSE_S)
        case TelegramTrouble.THROTTLED:
            pause_s = min(max(error.retry_after_s, FIRST_PAUSE_S), LONGEST_THROTTLE_S) + jitter
            return AfterTrouble(ChannelState.THROTTLED, f"Telegram asks for a pause ({said})", pause_s)
        case TelegramTrouble.REFUSED:
            sentence = f"Telegram refuses to be polled ({said}); asked again every {REFUSED_PAUSE_S:.0f} s"
            return AfterTrouble(ChannelState.REFUSED, sentence, REFUSED_PAUSE_S)
        case TelegramTrouble.UNREACHABLE | TelegramTrouble.UNCLEAR:
            ladder_s = min(FIRST_PAUSE_S * 2 ** min(failures - 1, 10), LONGEST_PAUSE_S)
            sentence = f"{said}. Tried again by itself; check this machine's way to the internet"
            return AfterTrouble(ChannelState.UNREACHABLE, sentence, ladder_s * (0.5 + jitter / 2))


def _conflict_sentence(said: str) -> str:
    if "webhook" in said.lower():
        return (
            f"another program receives this bot's messages by a webhook ({said}): remove it there, or take the bot"
            " over with `onsite channel add telegram --take-over`"
        )
    return f"another program polls this bot ({said}): stop it, as only one can; asked again every 30 s"
