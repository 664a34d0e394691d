"""A site's secret rotates in a real Redis: nothing of the record is lost, tokens are handed over, uses are noted."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from relay.adapters.redis_audits import RedisAudits
from relay.adapters.redis_pages import RedisPages
from relay.adapters.redis_secret_uses import RedisSecretUses
from relay.adapters.redis_sites import RedisSites
from relay.core import keys
from relay.core.audit_state import AuditState, Death
from relay.core.change import Mandate
from relay.core.errors import SiteNotFound
from relay.core.page import ConnectedPage
from relay.core.rotation import mark_of
from relay.core.site import Site
from relay.core.webhook import Incoming
from relay.engine.secret_rotation import HandedOver, SecretRotation
from relay.engine.watchdog import Audited
from shared.errors import UserError
from shared.page_events import decode_connected
from shared.page_token import unseal
from shared.site_secret import api_token, new_site_secret
from shared.vault import Vault, new_master_key
from tests.support.clock import ManualClock

OLD = new_site_secret()
TOKEN = SecretStr("EAAmarker")


class Bench:
    """A site with two connected pages, one bound without a token, and a page of another site."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        vault = Vault([new_master_key()])
        self.sites, self.uses, self.pages = RedisSites(redis, vault), RedisSecretUses(redis), RedisPages(redis, vault)
        self.bindings = {"1": "acme", "2": "acme", "3": "acme", "4": "beta"}
        self.appended: list[tuple[str, Incoming]] = []
        self.refused: Sequence[str] = ()
        self.rotation = SecretRotation(
            self.sites, self.uses, self, self.pages, RedisAudits(redis, self.pages),
            proof_of=lambda _: SecretStr("p"), append=self.append,
            clock=ManualClock(),
        )  # fmt: skip

    async def all(self) -> dict[str, str]:
        return self.bindings

    async def append(self, outbox: str, events: Sequence[Incoming]) -> Sequence[int]:
        if events[0].page_id in self.refused:
            return [0]
        self.appended += [(outbox, event) for event in events]
        return []

    async def prepare(self) -> None:
        await self.sites.add(Site("acme", "https://chat.example", (OLD,), 1))
        for page, site in (("1", "acme"), ("2", "acme"), ("4", "beta")):
            await self.pages.save(ConnectedPage(page, site, "Acme", TOKEN, 1))

    async def call_with(self, secret: SecretStr) -> None:
        await self.uses.note("acme", api_token(secret).get_secret_value().encode())

    def opened(self, secret: SecretStr) -> list[SecretStr]:
        return [
            unseal(decode_connected(event.payload).sealed, page_id=event.page_id, secret=secret).token
            for _, event in self.appended
        ]


@pytest.fixture
async def bench(redis: Redis) -> Bench:
    bench = Bench(redis)
    await bench.prepare()
    return bench


async def test_during_the_overlap_both_secrets_stand_sealed_and_open_the_pages_tokens(bench: Bench) -> None:
    rotated = await bench.rotation.begin("acme")

    assert (await bench.sites.get("acme")).secrets == (rotated.secret, OLD)
    assert rotated.handed_over == HandedOver(["1", "2"], [])
    assert {outbox for outbox, _ in bench.appended} == {"acme"}
    assert bench.opened(OLD) == bench.opened(rotated.secret) == [TOKEN, TOKEN]
    record = await bench.redis.hget(keys.SITES, "acme")
    assert record is not None
    assert rotated.secret.get_secret_value() not in str(record)


@pytest.mark.parametrize(
    ("connected_at_ms", "handed_over"),
    [pytest.param(1, ["2"], id="this token"), pytest.param(0, ["1", "2"], id="one it had before")],
)
async def test_a_token_that_an_audit_found_dead_is_not_handed_over(
    bench: Bench, connected_at_ms: int, handed_over: list[str]
) -> None:
    audits = RedisAudits(bench.redis, bench.pages)
    dead = AuditState("acme", connected_at_ms, good_at_ms=1, death=Death(2, "the session has expired"))
    await audits.save([Audited("1", dead, again_at_ms=3)])

    assert (await bench.rotation.begin("acme")).handed_over == HandedOver(handed_over, [])


async def test_a_token_found_dead_at_the_site_that_had_the_page_before_is_handed_over(bench: Bench) -> None:
    audits = RedisAudits(bench.redis, bench.pages)
    await audits.save([Audited("1", AuditState("acme", 1, good_at_ms=1, death=Death(2, "expired")), again_at_ms=3)])
    for number, site in enumerate(("beta", "acme")):
        await bench.pages.reassign(Mandate("1", number), site, now_ms=10 + number)

    assert (await bench.rotation.begin("acme")).handed_over == HandedOver(["1", "2"], [])


async def test_afterwards_the_old_secret_is_gone_and_nothing_is_noted_any_more(bench: Bench) -> None:
    rotated = await bench.rotation.begin("acme")
    await bench.call_with(OLD)
    with pytest.raises(UserError, match="still uses the old secret"):
        await bench.rotation.finish("acme")
    await bench.call_with(rotated.secret)
    bench.appended.clear()

    assert await bench.rotation.finish("acme") == HandedOver(["1", "2"], [])

    site = await bench.sites.get("acme")
    assert (site.secrets, site.rotating_since_ms) == ((rotated.secret,), None)
    assert bench.opened(rotated.secret) == [TOKEN, TOKEN]
    assert await bench.uses.last(["acme"]) == {}


async def test_a_page_that_is_just_being_moved_or_whose_token_cannot_be_opened_is_named(bench: Bench) -> None:
    other = RedisPages(bench.redis, Vault([new_master_key()]))
    await other.save(ConnectedPage("2", "acme", "Acme", TOKEN, 1))
    bench.refused = ["1"]

    assert (await bench.rotation.begin("acme")).handed_over == HandedOver([], ["1", "2"])


async def test_a_lost_secret_is_replaced(bench: Bench) -> None:
    lost = await bench.rotation.begin("acme")
    with pytest.raises(UserError, match="--again"):
        await bench.rotation.begin("acme")

    found = await bench.rotation.begin("acme", again=True)

    assert (await bench.sites.get("acme")).secrets == (found.secret, OLD)
    assert found.secret != lost.secret


async def test_a_rotation_and_a_change_of_the_address_at_once_both_last(bench: Bench) -> None:
    rotated, *_ = await asyncio.gather(
        bench.rotation.begin("acme"),
        bench.sites.change_address("acme", lambda site: replace(site, url="https://new.example")),
    )

    site = await bench.sites.get("acme")
    assert (site.url, site.secrets) == ("https://new.example", (rotated.secret, OLD))


async def test_of_two_rotations_at_once_one_is_refused(bench: Bench) -> None:
    results = await asyncio.gather(*(bench.rotation.begin("acme") for _ in range(2)), return_exceptions=True)

    assert sorted(isinstance(each, UserError) for each in results) == [False, True]
    assert len((await bench.sites.get("acme")).secrets) == 2


async def test_a_site_that_is_not_there_cannot_rotate(bench: Bench) -> None:
    with pytest.raises(SiteNotFound):
        await bench.rotation.begin("nobody")
    with pytest.raises(SiteNotFound):
        await bench.rotation.finish("nobody")


async def test_a_use_is_kept_from_its_first_call_on_and_is_no_secret(bench: Bench) -> None:
    await bench.call_with(OLD)
    (first,) = (await bench.uses.last(["acme", "beta"])).values()
    await bench.call_with(OLD)

    assert (await bench.uses.last(["acme"]))["acme"] == first
    assert first.mark == mark_of(api_token(OLD).get_secret_value().encode())
    assert api_token(OLD).get_secret_value() not in str(await bench.redis.hgetall(keys.SECRET_USES))
