"""The simulated Facebook as one object: a Graph API on a real port, and the webhooks it sends.

    async with GraphSimulator(app_id="…", app_secret="…", verify_token="…") as sim:
        sim.add_page("1122", name="Acme"); sim.add_person(page_id="1122", psid="9001", name="Ada Lovelace")
        sim.callback_url = "http://127.0.0.1:8080/facebook/webhook"
        answer = await sim.customer_says("1122", "9001", "hello")

Connecting pages, in a test's words:

        sim.add_admin("218471", name="Ada Admin", pages=["1122"])
        sim.app.add_redirect_uri("http://127.0.0.1:8080/facebook/callback")  # the dialog: {sim.url}/v26.0/dialog/oauth
        token = sim.page_token(sim.grant("218471", ["pages_messaging"]), "1122")  # what it ends with, without a browser
        sim.fate.changes_password("218471"); sim.refuse("page_throttled", page_id="1122", times=3)
        await sim.callbacks.data_deletion("218471", flaw=Flaw.WRONG_SIGNATURE)

State outlives `close`: closing and starting again on the same port is an outage of the platform.
"""

import asyncio
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from shared.clock import Clock
from tests.simulators.exchange import Exchange
from tests.simulators.faults import Fault, Match
from tests.simulators.feed import Feed
from tests.simulators.graph import meta_json
from tests.simulators.graph.admins import FULL_CONTROL, Admin, Business
from tests.simulators.graph.app import App
from tests.simulators.graph.callbacks import Callbacks
from tests.simulators.graph.customers import Customers
from tests.simulators.graph.echoes import Echoes
from tests.simulators.graph.errands import Errands
from tests.simulators.graph.fate import Fate
from tests.simulators.graph.fields_of_page import MESSAGING_FIELDS
from tests.simulators.graph.http_sender import DeliveryResult, HttpSender
from tests.simulators.graph.named_errors import named_error
from tests.simulators.graph.refusals import refused_calls
from tests.simulators.graph.service import Service
from tests.simulators.graph.tokens import Tokens
from tests.simulators.graph.webhooks import WebhookSender
from tests.simulators.graph.world import Page, Person, Said, World, new_mid
from tests.simulators.server import HttpServer

DEFAULT_APP_ID = "138000000000001"
DEFAULT_APP_SECRET = "app-secret-example"
DEFAULT_VERIFY_TOKEN = "verify-token-example"
PAGE_INBOX_APP_ID = "263902037430900"
"""What echoes of the page's own inbox carry as their app."""


class GraphSimulator:
    """Facebook, as far as this product meets it."""

    def __init__(
        self,
        *,
        app_id: str = DEFAULT_APP_ID,
        app_secret: str = DEFAULT_APP_SECRET,
        verify_token: str = DEFAULT_VERIFY_TOKEN,
        clock: Clock = time.time,
    ) -> None:
        """`app_id` is decimal, as Meta's are; `clock` tells seconds since 1970."""
        self._clock = clock
        self.app = App(app_id, "Social Relay", app_secret, verify_token)
        """The dashboard: redirect addresses, login configurations, callbacks, alerts."""
        self.tokens = Tokens(self.app, clock=clock)
        self.world = World(self.tokens, on_said=self._on_said)
        self.feed: Feed[Said] = Feed()
        """Every message that customers and the page's side say, as it happens."""
        self._http = HttpSender()
        self._webhooks = WebhookSender(self.app, self.world, self._http, clock=clock)
        self._echoes = Echoes(self.app, self.world, self._webhooks)
        self.watch = self._webhooks.watch
        """Counts the hour after which a failing page is unsubscribed."""
        self.callbacks = Callbacks(self.app, self._http, clock=clock)
        """Deauthorize and data-deletion requests, right and wrong."""
        self.fate = Fate(self.app, self.world, self.tokens, self.callbacks.deauthorize)
        """Password changes, lost roles, removals of the app: how tokens die."""
        self.service = Service(
            self.app, self.world, self.tokens, verify=self._webhooks.verify, on_removed=self._on_removed, clock=clock
        )
        """The edges, with what is configurable about them: `service.login`, `.exchange`, `.conversations`, …"""
        self.login, self.usage = self.service.login, self.service.api.usage
        self.customers = Customers(self.app, self.world, self.post_webhook, clock=clock)
        self._exchange = Exchange(self.service.api, clock=clock)
        self.ledger, self.faults = self._exchange.ledger, self._exchange.faults
        self._server = HttpServer(self._exchange.application)
        self._errands = Errands()

    # Life

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one. Raises OSError when the port is taken."""
        await self._server.start(host, port)

    async def close(self) -> None:
        """Stop listening and sending. What was said and subscribed stays."""
        self._exchange.release()
        await self._errands.cancel()
        await self._http.close()
        await self._server.close()
        self.feed.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def url(self) -> str:
        """What stands in for `https://graph.facebook.com`."""
        return self._server.url

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.port

    # The app

    @property
    def app_id(self) -> str:
        """Its id."""
        return self.app.id

    @property
    def app_secret(self) -> str:
        """What signs webhooks and proves tokens, now."""
        return self.app.secret

    @property
    def require_proof(self) -> bool:
        """Whether every call needs an appsecret_proof."""
        return self.app.require_proof

    @require_proof.setter
    def require_proof(self, required: bool) -> None:
        self.app.require_proof = required

    # World

    def add_page(
        self, page_id: str, *, name: str, token: str = "", subscribed_fields: Iterable[str] | None = MESSAGING_FIELDS
    ) -> Page:
        """Create a page on which the app is installed, unless `subscribed_fields` is None."""
        return self.world.add_page(page_id, name=name, token=token, subscribed_fields=subscribed_fields)

    def add_person(self, *, page_id: str, psid: str, name: str, **profile: Any) -> Person:
        """Create a customer of a page; `profile` overrides what the profile call tells."""
        return self.world.add_person(page_id, psid, name, profile)

    def issue_token(self, page_id: str) -> str:
        """Issue a further token for a page."""
        return self.world.issue_token(page_id)

    def kill_token(self, token: str, *, subcode: int | None = 460) -> None:
        """Let Graph refuse a token from now on: 458 app removed, 460 password changed, 463 expired, 467 logged out."""
        self.tokens.kill(token, subcode)

    def add_admin(
        self, user_id: str, *, name: str, pages: Iterable[str] = (), tasks: Iterable[str] = FULL_CONTROL
    ) -> Admin:
        """Create a person who runs these pages; more roles go into `Admin.roles`. They do not use the app yet."""
        admin = Admin(user_id, name, dict.fromkeys(pages, tuple(tasks)))
        self.world.admins[user_id] = admin
        return admin

    def add_business(
        self,
        business_id: str,
        *,
        name: str,
        admins: Iterable[Admin],
        owned: Iterable[str] = (),
        client: Iterable[str] = (),
    ) -> Business:
        """Create a portfolio that holds these pages; its admins need roles on the pages besides."""
        business = Business(business_id, name, list(owned), list(client))
        self.world.businesses[business_id] = business
        for admin in admins:
            admin.businesses.append(business)
        return business

    def grant(
        self, user_id: str, permissions: Iterable[str], *, pages: Iterable[str] | None = None, long_lived: bool = True
    ) -> str:
        """Do what the dialog and the exchange do, at once: returns the person's token. Without `pages`: all of them."""
        admin = self.world.admins[user_id]
        admin.grant(permissions, pages)
        return self.tokens.issue_user(admin, long_lived=long_lived).value

    def page_token(self, user_token: str, page_id: str) -> str:
        """Return what `/me/accounts` would give for a page."""
        return self.tokens.page_token(self.tokens.living(user_token), page_id).value

    def secrets(self) -> list[tuple[str, str]]:
        """Return everything that the product may keep only sealed, or not at all, each with what it is."""
        return [
            ("the app's secret", self.app.secret),
            ("the verify token", self.app.verify_token),
            *(("an access token", value) for value in self.tokens.values()),
            *(("a code", value) for value in self.login.codes.values()),
        ]

    def refuse(
        self, name: str, *, page_id: str = "", token: str = "", match: Match = None, times: int | None = 1
    ) -> Fault:
        """Refuse the next `times` calls for a page, with a token, or that fit: an error of `named_errors.NAMES`."""
        error = named_error(name)
        fits = refused_calls(self.tokens, page_id=page_id, token=token, match=match)
        return self.faults.add(fits, status=error.status, body=error.envelope("Asimulated"), times=times)

    @property
    def echoes(self) -> bool:
        """Whether a sent message is echoed by a webhook, where message_echoes is subscribed."""
        return self._echoes.on

    @echoes.setter
    def echoes(self, on: bool) -> None:
        self._echoes.on = on

    @property
    def sent(self) -> list[Said]:
        """Everything that was sent through the Send API, oldest first."""
        return [said for said in self.world.said if said.via_app == self.app_id]

    # Webhooks

    @property
    def callback_url(self) -> str:
        """Where a page's webhooks go; setting it subscribes every field at app level, without a handshake."""
        return self.app.callback_url

    @callback_url.setter
    def callback_url(self, url: str) -> None:
        self.app.listen(url)

    def sign(self, body: bytes) -> dict[str, str]:
        """Return the signature headers for a body."""
        return meta_json.sign(body, app_secret=self.app_secret)

    async def verify_callback(self) -> DeliveryResult:
        """Do the verification handshake with the callback address."""
        return await self._webhooks.verify(self.callback_url, self.app.verify_token)

    async def post_webhook(self, body: Mapping[str, Any] | bytes) -> DeliveryResult:
        """Sign a body and post it; bytes go as they are. What it tells of known people is taken as having happened."""
        written = body if isinstance(body, bytes) else meta_json.encode(body)
        self._take_in(written)
        return await self._webhooks.post(written)

    async def deliver(self, what: Mapping[str, Any] | Sequence[Mapping[str, Any]] | bytes) -> DeliveryResult:
        """Post a whole body, or a list of entries."""
        if isinstance(what, bytes | Mapping):
            return await self.post_webhook(what)
        return await self.post_webhook({"object": "page", "entry": list(what)})

    @property
    def undelivered(self) -> list[bytes]:
        """Bodies that were not answered with 200, oldest first."""
        return self._webhooks.undelivered

    @property
    def lost(self) -> list[bytes]:
        """Bodies that Meta gave up on when it unsubscribed their page, oldest first."""
        return list(self._webhooks.lost)

    async def retry_undelivered(self) -> list[DeliveryResult]:
        """Post them once more, in order."""
        return await self._webhooks.retry()

    async def retry_due(self) -> list[DeliveryResult]:
        """Post again what Meta would have posted again by now: call it as often as the clock is moved."""
        return await self._webhooks.retry_due()

    async def keep_retrying(self, *, every_s: float = 2.0) -> None:
        """Post them again and again until cancelled, as Meta does on its own: for a simulator that runs unattended."""
        while True:
            await asyncio.sleep(every_s)
            await self.retry_undelivered()

    async def customer_says(self, page_id: str, psid: str, text: str) -> DeliveryResult:
        """Let a person write to a page; more of what people do is in `customers`."""
        return await self.customers.says(page_id, psid, text)

    async def page_inbox_says(self, page_id: str, psid: str, text: str) -> DeliveryResult:
        """Let someone of the page answer in Facebook's own inbox: the app learns of it by an echo."""
        said = Said(page_id, psid, False, new_mid(), {"text": text}, self._clock(), via_app=PAGE_INBOX_APP_ID)
        self.world.say(said)
        deaf = self._echoes.deaf_level(said)
        if deaf:
            return DeliveryResult(None, mid=said.mid, error=f"{deaf} has not subscribed message_echoes")
        return await self.echo(said)

    async def echo(self, said: Said) -> DeliveryResult:
        """Deliver the echo of a message, also when `echoes` is off."""
        return await self._echoes.post(said)

    async def settled(self) -> None:
        """Wait until every echo and every callback that is under way has been posted."""
        await self._errands.settled()

    # Inside

    def _on_said(self, said: Said) -> None:
        self.feed.publish(said)
        if self._echoes.is_due(said):
            self._errands.send(self._echoes.post(said))

    def _on_removed(self, admin: Admin) -> None:
        """Let an app that was removed through the API lose its tokens, and hear of it."""
        self.fate.forget(admin)
        if self.app.deauthorize_url:
            self._errands.send(self.callbacks.deauthorize(admin.id))

    def _take_in(self, body: bytes) -> None:
        """Let the world know what a body tells: people act through events only, however these came about."""
        try:
            entries = json.loads(body)["entry"]
            acts = [(str(entry["id"]), event) for entry in entries for event in entry.get("messaging", [])]
        except (ValueError, LookupError, TypeError, AttributeError):
            return  # a test posts nonsense on purpose: nothing in it happened to anyone
        for page_id, event in acts:
            if isinstance(event, dict):
                self.world.note_event(page_id, event, self._clock())
