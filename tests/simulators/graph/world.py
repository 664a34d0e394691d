"""Pages, people, who runs them, what was said: the state of the simulated Facebook. No HTTP, no rules of the API."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.graph.admins import Admin, Business
from tests.simulators.graph.errors import GraphError
from tests.simulators.graph.fields_of_page import MESSAGING_FIELDS
from tests.simulators.graph.tokens import Tokens

INBOUND_KEYS = ("message", "postback", "reaction", "referral", "optin")
"""Events by which a person opens the window; an echo, which also is a `message`, does not."""


def new_mid() -> str:
    """Make a message id of Meta's manner."""
    return "m_" + secrets.token_urlsafe(48)


@dataclass(slots=True, eq=False)
class Person:
    """A customer as one page knows them."""

    psid: str
    page_id: str
    name: str
    profile: dict[str, Any] = field(default_factory=dict, repr=False)
    """What the User Profile API tells: first_name, last_name, name, profile_pic, locale, timezone, gender."""
    last_inbound_at: float | None = None
    """When they last did something that opens the 24-hour window."""
    unavailable: bool = False
    """They blocked the page."""
    profile_error: GraphError | None = None
    """What the User Profile API answers instead of the profile."""


@dataclass(slots=True, eq=False)
class Page:
    """A Facebook page on which the app may be installed."""

    id: str
    name: str
    token: str = field(repr=False)
    """The dashboard's token issued last; those of the people who run the page are in `Tokens`."""
    subscribed_fields: tuple[str, ...] | None = MESSAGING_FIELDS
    """None: the app is not installed on the page."""
    category: str = "Local business"
    people: dict[str, Person] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a conversation."""

    page_id: str
    psid: str
    from_customer: bool
    mid: str
    message: Mapping[str, Any] = field(repr=False)
    """As the Send API took it, or as the webhook told it."""
    at: float
    via_app: str = ""
    """The app that sent it; empty for the customer and for the page's own inbox."""

    @property
    def text(self) -> str:
        """The text, empty where there is none."""
        return str(self.message.get("text") or "")


class World:
    """All of it."""

    def __init__(self, tokens: Tokens, *, on_said: Callable[[Said], None]) -> None:
        """`on_said` is told of every message, right after it became part of the conversation."""
        self.tokens = tokens
        self.pages: dict[str, Page] = {}
        self.said: list[Said] = []
        self._on_said = on_said
        self._known_mids: set[tuple[str, str]] = set()
        self.admins: dict[str, Admin] = {}
        self.businesses: dict[str, Business] = {}
        self.unsent: set[tuple[str, str]] = set()
        """Messages that were taken back, by page and mid."""

    def add_page(self, page_id: str, *, name: str, token: str, subscribed_fields: Iterable[str] | None) -> Page:
        """Create a page with one token; an empty text makes one up."""
        fields = None if subscribed_fields is None else tuple(subscribed_fields)
        page = Page(page_id, name, "", fields)
        self.pages[page_id] = page
        self.issue_token(page_id, token)
        return page

    def add_person(self, page_id: str, psid: str, name: str, profile: Mapping[str, Any]) -> Person:
        """Create a customer of a page."""
        first_name, _, last_name = name.partition(" ")
        told = {"first_name": first_name, "last_name": last_name, "name": name, "locale": "en_GB", **profile}
        person = Person(psid, page_id, name, told)
        self.pages[page_id].people[psid] = person
        return person

    def person(self, page_id: str, psid: str) -> Person | None:
        """Find a customer of a page."""
        page = self.pages.get(page_id)
        return None if page is None else page.people.get(psid)

    def issue_token(self, page_id: str, token: str = "") -> str:
        """Issue a further token for a page; earlier ones stay good until they are killed."""
        self.pages[page_id].token = self.tokens.issue_page(page_id, token).value
        return self.pages[page_id].token

    def conversation(self, page_id: str, psid: str) -> list[Said]:
        """Return what was said between a page and a person, oldest first."""
        return [said for said in self.said if (said.page_id, said.psid) == (page_id, psid)]

    def say(self, said: Said) -> Said:
        """Add a message to its conversation; one that is known by its mid already is not added again."""
        if (said.page_id, said.mid) not in self._known_mids:
            self._known_mids.add((said.page_id, said.mid))
            self.said.append(said)
            self._on_said(said)
        return said

    def unsend(self, page_id: str, mid: str) -> None:
        """Take a message back: Messenger tells nobody, and it can be read no more."""
        self.unsent.add((page_id, mid))

    def note_event(self, page_id: str, event: Mapping[str, Any], now: float) -> None:
        """Take in what a person did, as an event tells it: it opens the window, a message joins the conversation.

        So does a button that they pressed: its title, as they see it, without its payload.
        """
        person = self.person(page_id, _id_of(event.get("sender")))
        message, pressed = event.get("message"), event.get("postback")
        if isinstance(pressed, dict) and pressed.get("mid"):
            message = {"mid": pressed["mid"], "text": pressed.get("title", "")}
        message = message if isinstance(message, dict) else {}
        if person is None or message.get("is_echo") or not any(key in event for key in INBOUND_KEYS):
            return
        person.last_inbound_at = now
        if message:
            self.say(Said(page_id, person.psid, True, str(message.get("mid", "")), message, now))


def _id_of(party: Any) -> str:
    return str(party.get("id", "")) if isinstance(party, dict) else ""
