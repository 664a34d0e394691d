"""Who speaks for a site: by its own token only, and at a cost that no flood can raise."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from relay.core.errors import StoreUnavailable
from relay.core.site import Site
from relay.engine.site_callers import AT_ONCE, COMPLAIN_EVERY_S, KEPT_ROTATING_S, KEPT_S, PAUSE_S, SiteCallers
from shared.site_secret import api_token, new_site_secret
from tests.support.clock import ManualClock, Pauses
from tests.support.waiting import soon, turn_over

OLD, NEW, OTHER = (new_site_secret() for _ in range(3))


def token(secret: SecretStr) -> bytes:
    return api_token(secret).get_secret_value().encode()


class Sites:
    """Sites in memory; remembers every look."""

    def __init__(self, **secrets: Sequence[SecretStr]) -> None:
        self.secrets = dict(secrets)
        self.looks: list[list[str]] = []
        self.broken: Exception | None = None
        self.gate: asyncio.Event | None = None
        self.notes: list[tuple[str, bytes]] = []

    async def note(self, site: str, token: bytes) -> None:
        """See `UseNotes`."""
        self.notes.append((site, token))

    async def find(self, names: Sequence[str]) -> Mapping[str, Site]:
        """See the port."""
        self.looks.append(list(names))
        if self.gate is not None:
            await self.gate.wait()
        if self.broken is not None:
            raise self.broken
        known = {name: tuple(self.secrets[name]) for name in names if name in self.secrets}
        return {name: Site(name, "https://chat.example", secrets, 1) for name, secrets in known.items()}


class Bench:
    """Callers of two sites, with a clock that stands still."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.pauses = Pauses(self.clock)
        self.sites = Sites(acme=[NEW, OLD], beta=[OTHER])
        self.callers = SiteCallers(self.sites, self.sites, clock=self.clock, sleep=self.pauses)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(
    ("site", "offered", "admitted"),
    [
        pytest.param("acme", token(NEW), True, id="the newest secret's"),
        pytest.param("acme", token(OLD), True, id="one that is being rotated away"),
        pytest.param("acme", token(OTHER), False, id="another site's"),
        pytest.param("acme", NEW.get_secret_value().encode(), False, id="the secret itself"),
        pytest.param("acme", token(NEW)[:-1], False, id="cut short"),
        pytest.param("acme", b"", False, id="none"),
        pytest.param("acme", "\u00e4\udcff".encode("utf-8", "surrogateescape"), False, id="no ASCII"),
        pytest.param("nobody", token(NEW), False, id="a site that is not there"),
        pytest.param("Acme Inc", token(NEW), False, id="no name at all"),
        pytest.param("", b"", False, id="nothing"),
    ],
)
async def test_a_site_is_spoken_for_by_a_token_of_its_own_secrets_alone(
    bench: Bench, site: str, offered: bytes, *, admitted: bool
) -> None:
    assert await bench.callers.admits(site, offered) is admitted
    assert await bench.callers.admits(site, offered) is admitted


async def test_what_cannot_be_a_name_is_not_looked_up(bench: Bench) -> None:
    await bench.callers.admits("a" * 5000, b"x")

    assert bench.sites.looks == []


class TestRemembering:
    async def test_a_token_that_fitted_costs_no_look_for_a_while(self, bench: Bench) -> None:
        for _ in range(100):
            assert await bench.callers.admits("beta", token(OTHER))
        bench.clock.advance(KEPT_S - 0.001)
        assert await bench.callers.admits("beta", token(OTHER))

        assert len(bench.sites.looks) == 1

    async def test_a_secret_that_was_taken_away_is_refused_after_that_while(self, bench: Bench) -> None:
        assert await bench.callers.admits("acme", token(OLD))
        bench.sites.secrets["acme"] = [NEW]
        bench.clock.advance(KEPT_S)

        assert not await bench.callers.admits("acme", token(OLD))

    async def test_a_site_that_was_removed_is_refused_after_that_while(self, bench: Bench) -> None:
        assert await bench.callers.admits("acme", token(NEW))
        del bench.sites.secrets["acme"]
        bench.clock.advance(KEPT_S)

        assert not await bench.callers.admits("acme", token(NEW))

    async def test_a_new_secret_and_a_new_site_are_known_at_once(self, bench: Bench) -> None:
        assert await bench.callers.admits("beta", token(OTHER))
        assert not await bench.callers.admits("gamma", token(NEW))
        bench.sites.secrets |= {"beta": [NEW], "gamma": [NEW]}

        assert await bench.callers.admits("beta", token(NEW))
        assert await bench.callers.admits("gamma", token(NEW))

    async def test_a_wrong_token_does_not_make_the_right_one_forgotten(self, bench: Bench) -> None:
        assert await bench.callers.admits("acme", token(NEW))
        assert not await bench.callers.admits("acme", b"guessed")
        looks = len(bench.sites.looks)

        assert await bench.callers.admits("acme", token(NEW))
        assert len(bench.sites.looks) == looks


class TestFloods:
    async def test_a_wrong_token_and_an_unknown_name_cost_the_same_looks(self, bench: Bench) -> None:
        await bench.callers.admits("acme", token(NEW))
        costs = []
        for name in ("acme", "nobody"):
            before = len(bench.sites.looks)
            for _ in range(5):
                assert not await bench.callers.admits(name, b"guessed")
            costs.append(len(bench.sites.looks) - before)

        assert costs == [5, 5]

    async def test_those_who_ask_meanwhile_share_the_next_look(self, bench: Bench) -> None:
        bench.sites.gate = gate = asyncio.Event()
        names = ["first", *(f"n{number}" for number in range(AT_ONCE + 10)), "n1", "acme"]
        asking = [asyncio.ensure_future(bench.callers.admits(name, token(NEW))) for name in names]
        await turn_over()
        gate.set()
        answers = await soon(asyncio.gather(*asking))

        assert [len(look) for look in bench.sites.looks] == [AT_ONCE, 12]
        assert answers == [False] * (len(names) - 1) + [True]

    async def test_looks_keep_their_distance_however_fast_they_are(self, bench: Bench) -> None:
        began = bench.clock.now
        for number in range(100):
            await bench.callers.admits(f"n{number}", b"guessed")

        assert len(bench.sites.looks) == 100
        assert bench.clock.now - began == pytest.approx(99 * PAUSE_S)

    async def test_who_asks_seldom_is_not_held_up(self, bench: Bench) -> None:
        for _ in range(3):
            await bench.callers.admits("acme", b"guessed")
            bench.clock.advance(PAUSE_S)

        assert bench.pauses.taken == []

    async def test_who_hangs_up_takes_nobody_with_them(self, bench: Bench) -> None:
        bench.sites.gate = gate = asyncio.Event()
        hasty, patient = (asyncio.ensure_future(bench.callers.admits("acme", token(NEW))) for _ in range(2))
        await turn_over()
        hasty.cancel()
        await turn_over()
        gate.set()

        assert await soon(patient)
        assert hasty.cancelled()

    async def test_the_log_complains_of_a_real_site_now_and_then_and_of_guesses_never(self, bench: Bench) -> None:
        with capture_logs() as logs:
            for _ in range(50):
                await bench.callers.admits("acme", b"guessed")
                await bench.callers.admits("nobody", b"guessed")
            bench.clock.advance(COMPLAIN_EVERY_S)
            await bench.callers.admits("acme", b"guessed")

        assert [(line["event"], line["site"]) for line in logs] == [("site_token_refused", "acme")] * 2
        assert "guessed" not in str(logs)


class TestTrouble:
    @pytest.mark.parametrize("name", ["acme", "nobody"])
    async def test_redis_away_is_known_to_each_caller_and_tells_no_name(self, bench: Bench, name: str) -> None:
        assert await bench.callers.admits("beta", token(OTHER))
        bench.sites.broken = StoreUnavailable("away")
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                await bench.callers.admits(name, b"guessed")

    async def test_redis_away_does_not_matter_to_a_token_that_has_just_fitted(self, bench: Bench) -> None:
        assert await bench.callers.admits("acme", token(NEW))
        bench.sites.broken = StoreUnavailable("away")

        assert await bench.callers.admits("acme", token(NEW))

    async def test_afterwards_everything_is_as_before(self, bench: Bench) -> None:
        bench.sites.broken = ZeroDivisionError()
        asking = [bench.callers.admits(name, token(NEW)) for name in ("acme", "acme", "beta")]
        answers = await soon(asyncio.gather(*asking, return_exceptions=True))
        bench.sites.broken = None

        assert [type(answer) for answer in answers] == [ZeroDivisionError] * 3
        assert await bench.callers.admits("acme", token(NEW))

    async def test_an_error_that_nobody_waits_for_any_more_is_not_reported_as_a_fault(self, bench: Bench) -> None:
        bench.sites.gate, bench.sites.broken = asyncio.Event(), StoreUnavailable("away")
        complaints: list[Mapping[str, object]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
        asking = asyncio.ensure_future(bench.callers.admits("acme", b"x"))
        await turn_over()
        asking.cancel()
        bench.sites.gate.set()
        await turn_over()

        assert complaints == []


def test_every_token_is_compared_so_that_time_does_not_tell_which_one_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []

    def compare(offered: bytes, known: bytes) -> bool:
        compared.append(known)
        return offered == known

    monkeypatch.setattr("relay.engine.site_callers.hmac.compare_digest", compare)
    bench = Bench()
    assert asyncio.run(bench.callers.admits("acme", token(NEW)))

    assert compared == [token(NEW), token(OLD)]


async def test_while_a_secret_rotates_it_is_noted_with_which_one_the_site_calls(bench: Bench) -> None:
    for secret in (OLD, OLD, NEW, NEW):
        assert await bench.callers.admits("acme", token(secret))

    assert bench.sites.notes == [("acme", token(OLD)), ("acme", token(NEW))]


async def test_nothing_is_noted_of_a_site_with_one_secret(bench: Bench) -> None:
    assert await bench.callers.admits("beta", token(OTHER))

    assert bench.sites.notes == []


async def test_an_old_secret_is_refused_within_seconds_after_its_rotation(bench: Bench) -> None:
    assert await bench.callers.admits("acme", token(OLD))
    bench.sites.secrets["acme"] = [NEW]
    bench.clock.advance(KEPT_ROTATING_S)

    assert not await bench.callers.admits("acme", token(OLD))
    assert await bench.callers.admits("acme", token(NEW))
