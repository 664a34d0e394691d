"""Platforms and time under the test's control, for use cases over a real store."""

# ruff: noqa: ARG002  a fake takes what the real one takes, and needs little of it

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import SecretStr

from onsite.core.errors import TelegramError, TelegramTrouble
from onsite.core.sending import SendOutcome, Sent
from onsite.engine.channels import Credentials
from onsite.engine.outgoing import Outgoing

DEADLINE_S = 20.0


class FakeCourier:
    """Sends nothing; answers what it is told to, holds what it is told to hold."""

    def __init__(self) -> None:
        self.outcomes: list[SendOutcome | Exception] = []
        """What the next attempts end in; Sent with a fresh id when there is nothing left."""
        self.sent: list[str] = []
        """Texts in the order in which their attempts began."""
        self.holding: dict[str, asyncio.Event] = {}
        self.under_way = 0
        self.most_under_way = 0
        self._began = asyncio.Event()

    def hold(self, text: str) -> asyncio.Event:
        """Let the attempt for `text` hang until the event is set."""
        return self.holding.setdefault(text, asyncio.Event())

    async def began(self, count: int) -> None:
        """Wait until so many attempts have begun."""
        async with asyncio.timeout(DEADLINE_S):
            while len(self.sent) < count:
                self._began.clear()
                await self._began.wait()

    async def send(self, outgoing: Outgoing, credentials: Credentials) -> SendOutcome:
        """Try once."""
        self.sent.append(outgoing.text)
        self._began.set()
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            if outgoing.text in self.holding:
                await self.holding[outgoing.text].wait()
        finally:
            self.under_way -= 1
        outcome = self.outcomes.pop(0) if self.outcomes else Sent(f"mid-{outgoing.message_id}")
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class SteeredTime:
    """A clock, and sleeps that end when the clock is moved past them."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self.slept: list[float] = []
        self._sleepers: list[tuple[float, asyncio.Event]] = []
        self._asleep = asyncio.Event()

    def clock(self) -> float:
        """Return seconds since 1970."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Sleep until `advance` has gone so far."""
        woken = asyncio.Event()
        self.slept.append(seconds)
        entry = (self.now + seconds, woken)
        self._sleepers.append(entry)
        self._asleep.set()
        try:
            await woken.wait()
        finally:
            self._sleepers.remove(entry)

    async def asleep(self, seconds: float) -> None:
        """Wait until somebody sleeps for so long."""
        async with asyncio.timeout(DEADLINE_S):
            while all(until != self.now + seconds for until, _ in self._sleepers):
                await self.somebody_falls_asleep()

    async def somebody_falls_asleep(self) -> None:
        """Wait until somebody falls asleep the next time."""
        self._asleep.clear()
        async with asyncio.timeout(DEADLINE_S):
            await self._asleep.wait()

    def advance(self, seconds: float) -> None:
        """Move the clock, and wake whoever has slept long enough."""
        self.now += seconds
        for until, woken in self._sleepers:
            if until <= self.now:
                woken.set()


@dataclass
class Identity:
    """Whose token it is."""

    id: int
    username: str
    name: str


@dataclass
class FakeTelegram:
    """Answers polls from a script; a poll beyond its end waits for ever."""

    script: list[Sequence[bytes] | TelegramError] = field(default_factory=list)
    identity: Identity | TelegramError = field(default_factory=lambda: Identity(987654, "acme_bot", "Acme"))
    webhook: str = ""
    polls: list[tuple[int | None, int]] = field(default_factory=list)
    """Offset and timeout of each poll."""
    answered: list[str] = field(default_factory=list)
    """Presses of buttons that were answered."""
    too_old: set[str] = field(default_factory=set)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the script is over and a poll waits."""

    async def get_updates(
        self, token: SecretStr, *, offset: int | None, timeout_s: int, limit: int = 100
    ) -> list[bytes]:
        """Play the next part of the script."""
        self.polls.append((offset, timeout_s))
        if not self.script:
            self.waiting.set()
            await asyncio.Event().wait()
        part = self.script.pop(0)
        if isinstance(part, TelegramError):
            raise part
        return list(part)

    async def answer_callback(self, token: SecretStr, query_id: str) -> None:
        """Note the answer."""
        self.answered.append(query_id)
        if query_id in self.too_old:
            raise trouble(TelegramTrouble.REFUSED, "query is too old")

    async def get_me(self, token: SecretStr) -> Identity:
        """Tell whose token it is."""
        if isinstance(self.identity, TelegramError):
            raise self.identity
        return self.identity

    async def get_webhook_url(self, token: SecretStr) -> str:
        """Tell where updates go."""
        return self.webhook

    async def delete_webhook(self, token: SecretStr) -> None:
        """Take the webhook away."""
        self.webhook = ""


def trouble(kind: TelegramTrouble, description: str = "in Telegram's words", retry_after_s: float = 0) -> TelegramError:
    """Make an error of Telegram's."""
    return TelegramError(kind, description, retry_after_s=retry_after_s)
