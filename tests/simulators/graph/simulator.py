"""The simulated Facebook as one object: a Graph API on a real port, and the webhooks it sends.

    async with GraphSimulator(app_id="…", app_secret="…", verify_token="…") as sim:
        sim.add_page("1122", name="Acme"); sim.add_person(page_id="1122", psid="9001", name="Ada Lovelace")
        sim.callback_url = "http://127.0.0.1:8080/facebook/webhook"
        answer = await sim.customer_says("1122", "9001", "hello")

State outlives `close`: closing and starting again on the same port is an outage of the platform.
"""

import asyncio
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from shared.clock import Clock
from tests.simulators.exchange import Exchange
from tests.simulators.feed import Feed
from tests.simulators.graph import events, meta_json
from tests.simulators.graph.api import GraphApi
from tests.simulators.graph.customers import Customers
from tests.simulators.graph.send import SendApi
from tests.simulators.graph.subscriptions import Subscriptions
from tests.simulators.graph.webhooks import DeliveryResult, WebhookSender
from tests.simulators.graph.world import MESSAGING_FIELDS, Page, Person, Said, World, new_mid
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
        self.app_id = app_id
        self.app_secret = app_secret
        self.world = World(on_said=self._on_said)
        self.feed: Feed[Said] = Feed()
        """Every message that customers and the page's side say, as it happens."""
        self.echoes = True
        """Whether a sent message is echoed by a webhook when the page has subscribed message_echoes."""
        self._clock = clock
        self._webhooks = WebhookSender(app_secret=app_secret, verify_token=verify_token)
        send_api = SendApi(self.world, app_id=app_id)
        apps = Subscriptions(app_id=app_id, app_name="Social Relay")
        self.api = GraphApi(self.world, send_api, apps, app_secret=app_secret, clock=clock)
        self.customers = Customers(self.world, self.post_webhook, clock=clock)
        self._exchange = Exchange(self.api, clock=clock)
        self.ledger, self.faults = self._exchange.ledger, self._exchange.faults
        self._server = HttpServer(self._exchange.application)
        self._echo_turn = asyncio.Lock()
        self._background: set[asyncio.Task[DeliveryResult]] = set()

    # Life

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one. Raises OSError when the port is taken."""
        await self._server.start(host, port)

    async def close(self) -> None:
        """Stop listening and sending. What was said and subscribed stays."""
        self._exchange.release()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._webhooks.close()
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
        self.world.kill_token(token, subcode)

    @property
    def require_proof(self) -> bool:
        """Whether every call needs an appsecret_proof."""
        return self.api.require_proof

    @require_proof.setter
    def require_proof(self, required: bool) -> None:
        self.api.require_proof = required

    @property
    def sent(self) -> list[Said]:
        """Everything that was sent through the Send API, oldest first."""
        return [said for said in self.world.said if said.via_app == self.app_id]

    # Webhooks

    @property
    def callback_url(self) -> str:
        """Where webhooks go."""
        return self._webhooks.callback_url

    @callback_url.setter
    def callback_url(self, url: str) -> None:
        self._webhooks.callback_url = url

    def sign(self, body: bytes) -> dict[str, str]:
        """Return the signature headers for a body."""
        return meta_json.sign(body, app_secret=self.app_secret)

    async def verify_callback(self) -> DeliveryResult:
        """Do the verification handshake with the callback address."""
        return await self._webhooks.verify()

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
        return list(self._webhooks.undelivered)

    async def retry_undelivered(self) -> list[DeliveryResult]:
        """Post them once more, in order."""
        return await self._webhooks.retry()

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
        return await self.echo(self.world.say(said))

    async def echo(self, said: Said) -> DeliveryResult:
        """Deliver the echo of a message, also when `echoes` is off."""
        at_ms = int(said.at * 1000)
        async with self._echo_turn:
            return await self._webhooks.post(
                meta_json.encode(events.page_body(said.page_id, [events.echo(said, at_ms=at_ms)], at_ms=at_ms))
            )

    async def settled(self) -> None:
        """Wait until every echo that is under way has been posted."""
        while self._background:
            await asyncio.gather(*self._background)

    # Inside

    def _on_said(self, said: Said) -> None:
        self.feed.publish(said)
        fields = self.world.pages[said.page_id].subscribed_fields or ()
        ours = said.via_app == self.app_id
        if ours and self.echoes and self.callback_url and "message_echoes" in fields:
            task = asyncio.create_task(self.echo(said))
            self._background.add(task)
            task.add_done_callback(self._background.discard)

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
