"""What the admin API shows of pages that no site claims, and of pages in trouble."""

import msgspec

from relay.core import keys
from relay.core.audit_state import AuditState, Death
from tests.support.admin_bench import NOON_TEXT, NOT_AUDITED, Bench
from tests.support.clock import NOON


class TestStatus:
    async def test_it_shows_sites_and_what_no_site_claims(self, bench: Bench) -> None:
        await bench.add_site()
        await bench.redis.zadd(keys.BACKLOG, {"~22": 1, "~33": 2, "acme": 3})
        for number in range(2):
            await bench.redis.xadd(keys.outbox("~22"), {"p": "22"}, id=f"{round(NOON * 1000)}-{number}")
        status, told = await bench.ask("GET", "/status")

        assert status == 200
        assert [site["name"] for site in told["sites"]] == ["acme"]
        assert told["unclaimed"] == [{"page_id": "22", "waiting": 2, "oldest_at": NOON_TEXT, "fill": 0.0, "losses": []}]


class TestPagesInTrouble:
    async def test_a_page_says_what_its_audits_found_and_the_status_names_it(self, bench: Bench) -> None:
        await bench.add_site()
        await bench.ask("PUT", "/bindings/22", {"site": "acme"})
        state = AuditState(
            "acme",
            connected_at_ms=0,
            good_at_ms=0,
            asked_at_ms=round(NOON * 1000),
            subscribed=True,
            death=Death(round(NOON * 1000), "The password was changed.", 190, 460),
        )
        await bench.redis.hset(keys.AUDITS, "22", msgspec.json.encode(state))
        shown = {
            "page_id": "22",
            "site": "acme",
            "subscribed": True,
            "audited_at": NOON_TEXT,
            "trouble": "The password was changed.",
            "token_dead_since": NOON_TEXT,
        }

        assert await bench.ask("GET", "/bindings") == (200, [shown])
        assert (await bench.ask("GET", "/status"))[1]["troubled_pages"] == [shown]

    async def test_what_was_found_while_it_was_another_sites_says_nothing(self, bench: Bench) -> None:
        await bench.add_site()
        await bench.ask("PUT", "/bindings/22", {"site": "acme"})
        state = AuditState("beta", connected_at_ms=0, good_at_ms=0, trouble="no permission")
        await bench.redis.hset(keys.AUDITS, "22", msgspec.json.encode(state))

        assert await bench.ask("GET", "/bindings") == (200, [{"page_id": "22", "site": "acme"} | NOT_AUDITED])
