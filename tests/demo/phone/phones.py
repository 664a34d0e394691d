"""One phone in the hands of one customer: what it shows, and what its owner does. No HTTP."""

from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from tests.simulators.graph import GraphSimulator, Said
from tests.simulators.telegram import Shown, TelegramSimulator

MEDIA = ("photo", "document", "voice", "video", "sticker", "location", "contact")


@dataclass(frozen=True, slots=True)
class Change:
    """Something that changes on a phone's screen."""

    phone: str
    kind: str
    """`bubble` (new or changed, by its id), `gone`, or `typing`."""
    id: str = ""
    mine: bool = False
    """Whether the phone's owner wrote it."""
    text: str = field(default="", repr=False)
    at_ms: int = 0

    def as_json(self) -> dict[str, Any]:
        """Write it for the page."""
        return asdict(self)


class Phone(Protocol):
    """What the page can do with a phone, whichever platform it is for."""

    id: str
    platform: str
    person: str
    business: str

    def bubbles(self) -> list[Change]:
        """Return everything on the screen, oldest first."""

    async def say(self, text: str) -> str:
        """Write a message. Returns an empty text, or a sentence that says why it did not get through."""

    async def look(self) -> None:
        """Read what has arrived."""


class MessengerPhone:
    """A phone with Messenger open."""

    platform = "messenger"

    def __init__(self, sim: GraphSimulator, *, page_id: str, psid: str) -> None:
        """Take the names from the simulator. Raises LookupError when it does not know the page or the person."""
        page = sim.world.pages[page_id]
        self.id = f"messenger-{page_id}-{psid}"
        self.person, self.business = page.people[psid].name, page.name
        self._sim = sim
        self._page_id, self._psid = page_id, psid

    def bubbles(self) -> list[Change]:
        """Return everything on the screen, oldest first."""
        return [self._bubble(said) for said in self._sim.world.conversation(self._page_id, self._psid)]

    async def say(self, text: str) -> str:
        """Write a message. Returns an empty text, or a sentence that says why it did not get through."""
        if not self._sim.callback_url:
            return "Facebook knows no callback address of the app: nobody would hear of this."
        result = await self._sim.customer_says(self._page_id, self._psid, text)
        if result.accepted:
            return ""
        reason = result.error or f"it answered {result.status}"
        return f"Facebook could not hand it over to the app yet ({reason})."

    async def look(self) -> None:
        """Read what has arrived: Facebook tells the page of both, arrival and reading."""
        if self._sim.callback_url and any(
            not said.from_customer for said in self._sim.world.conversation(self._page_id, self._psid)
        ):
            await self._sim.customers.receives(self._page_id, self._psid)
            await self._sim.customers.reads(self._page_id, self._psid)

    def change(self, said: Said) -> Change | None:
        """Translate what the platform shows; None when it is on another phone."""
        return self._bubble(said) if (said.page_id, said.psid) == (self._page_id, self._psid) else None

    def _bubble(self, said: Said) -> Change:
        attachment = said.message.get("attachment") or {}
        text = said.text or (f"[{attachment['type']}]" if attachment else "[attachment]")
        return Change(self.id, "bubble", said.mid, said.from_customer, text, int(said.at * 1000))


class TelegramPhone:
    """A phone with Telegram open."""

    platform = "telegram"

    def __init__(self, sim: TelegramSimulator, *, token: str, user_id: int) -> None:
        """Take the names from the simulator. Raises LookupError when it does not know the bot or the user."""
        user, self._bot = sim.world.user(user_id), sim.world.bot(token)
        self.id = f"telegram-{self._bot.id}-{user_id}"
        self.person = f"{user.first_name} {user.last_name}".strip()
        self.business = self._bot.account.first_name
        self._sim = sim
        self._user_id = user_id

    def bubbles(self) -> list[Change]:
        """Return everything on the screen, oldest first."""
        return [self._bubble(message) for message in self._sim.history(self._bot.token, self._user_id)]

    async def say(self, text: str) -> str:
        """Write a message; the bot fetches it when it polls."""
        await self._sim.customer_says(self._bot.token, self._user_id, text)
        return ""

    async def look(self) -> None:
        """Read what has arrived: Telegram tells bots nothing of it."""

    def change(self, shown: Shown) -> Change | None:
        """Translate what the platform shows; None when it is on another phone, or nothing to see."""
        if (shown.bot_id, shown.chat_id) != (self._bot.id, self._user_id):
            return None
        if shown.event == "action":
            return Change(self.id, "typing")
        if shown.event == "deleted":
            return Change(self.id, "gone", str(shown.message["message_id"]))
        return self._bubble(shown.message)

    def _bubble(self, message: dict[str, Any]) -> Change:
        media = next((f"[{kind}]" for kind in MEDIA if kind in message), "")
        text = " ".join(part for part in (media, message.get("text") or message.get("caption", "")) if part)
        mine = message["from"]["id"] == self._user_id
        return Change(self.id, "bubble", str(message["message_id"]), mine, text, message["date"] * 1000)
