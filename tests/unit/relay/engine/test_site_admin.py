"""Registering sites, and telling how they stand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from relay.core.address_change import AddressChange
from relay.core.delivery import DeliveryState
from relay.core.errors import SiteExists, SiteNotFound
from relay.core.limits import LossReason
from relay.core.permission import Permission, networks_of
from relay.core.rotation import SecretUse
from relay.core.site import Site
from relay.engine.site_admin import Registered, SiteAdmin, SiteView, Unclaimed
from relay.engine.status import Loss, OutboxStatus
from shared.addresses import IPAddress, address_of
from shared.errors import UserError
from shared.site_secret import key_of
from tests.support.clock import NOON, ManualClock


class FakeSiteStore:
    """Fits `engine.site_admin.SiteStore`."""

    def __init__(self) -> None:
        self.sites: dict[str, Site] = {}

    async def add(self, site: Site) -> None:
        if site.name in self.sites:
            raise SiteExists(site.name)
        self.sites[site.name] = site

    async def change_address(self, name: str, change: Callable[[Site], Site]) -> Site:
        self.sites[name] = change(await self.get(name))
        return self.sites[name]

    async def get(self, name: str) -> Site:
        if name not in self.sites:
            raise SiteNotFound(name)
        return self.sites[name]

    async def all(self) -> Sequence[Site]:
        return sorted(self.sites.values(), key=lambda site: site.name)


class FakeNames:
    """Fits `engine.site_admin.LookUp`: where names lead."""

    def __init__(self) -> None:
        self.addresses: dict[str, list[IPAddress]] = {}
        self.asked: list[str] = []

    async def look_up(self, host: str) -> list[IPAddress]:
        self.asked.append(host)
        return self.addresses.get(host, [])


class FakeBindingList:
    """Fits `engine.site_admin.BindingList`."""

    def __init__(self) -> None:
        self.bindings: dict[str, str] = {}

    async def all(self) -> Mapping[str, str]:
        return self.bindings


class FakeStatus:
    """Fits `engine.status.DeliveryStates`."""

    def __init__(self) -> None:
        self.waiting: dict[str, int] = {}
        self.lost: dict[str, int] = {}
        self.resumed: list[str] = []
        self.paused: list[tuple[str, str]] = []

    async def outboxes(self, names: Sequence[str]) -> Sequence[OutboxStatus]:
        return [
            replace(status_of(name, self.waiting.get(name, 0)), losses=losses_of(self.lost.get(name, 0)))
            for name in names
        ]

    async def marked(self) -> Sequence[str]:
        return list(self.waiting)

    async def lossy(self) -> Sequence[str]:
        return list(self.lost)

    async def resume(self, name: str) -> DeliveryState:
        self.resumed.append(name)
        return DeliveryState.PAUSED

    async def pause(self, name: str, *, reason: str) -> DeliveryState:
        self.paused.append((name, reason))
        return DeliveryState.PARKED


def status_of(name: str, waiting: int) -> OutboxStatus:
    oldest_at_ms = 1000 if waiting else None
    return OutboxStatus(name, DeliveryState.UP, waiting, oldest_at_ms, False, 0, 0, 0, None, None, "", None, None)


def losses_of(count: int) -> Sequence[Loss]:
    return (Loss(LossReason.AGE, count, 1000),) if count else ()


class Bench:
    """Site administration on fakes."""

    def __init__(self) -> None:
        self.sites, self.bindings, self.status = FakeSiteStore(), FakeBindingList(), FakeStatus()
        self.names = FakeNames()
        self.admin = SiteAdmin(
            self.sites, self.bindings, self.status, self, look_up=self.names.look_up, clock=ManualClock()
        )

    async def last(self, _sites: Sequence[str]) -> Mapping[str, SecretUse]:
        """Stand in for what is known of secrets in use."""
        return {}


@pytest.fixture
def bench() -> Bench:
    return Bench()


class TestPausing:
    async def test_a_site_is_left_alone_for_the_reason_that_is_given_and_how_it_stood_is_told(
        self, bench: Bench
    ) -> None:
        await bench.admin.add("acme", "https://a.example")

        assert await bench.admin.pause("acme", reason="moves") is DeliveryState.PARKED
        assert await bench.admin.pause("acme") is DeliveryState.PARKED
        assert bench.status.paused == [("acme", "paused by an operator: moves"), ("acme", "paused by an operator")]

    async def test_a_site_that_is_not_there_is_said(self, bench: Bench) -> None:
        with pytest.raises(SiteNotFound):
            await bench.admin.pause("nobody")

        assert bench.status.paused == []


class TestResuming:
    async def test_a_site_is_tried_again_and_how_it_stood_is_told(self, bench: Bench) -> None:
        await bench.admin.add("acme", "https://a.example")

        assert await bench.admin.resume("acme") is DeliveryState.PAUSED
        assert bench.status.resumed == ["acme"]

    async def test_a_site_that_is_not_there_is_said(self, bench: Bench) -> None:
        with pytest.raises(SiteNotFound):
            await bench.admin.resume("acme")
        assert bench.status.resumed == []


class TestAdding:
    async def test_a_site_gets_a_secret_of_its_own_and_its_plain_address(self, bench: Bench) -> None:
        added = await bench.admin.add("acme", "HTTPS://Chat.Example.com/")

        site = Site("acme", "https://chat.example.com", (added.secret,), round(NOON * 1000))
        assert bench.sites.sites == {"acme": site}
        assert added == Registered(site, added.secret, "")
        assert len(key_of(added.secret)) == 32

    @pytest.mark.parametrize(
        ("name", "url", "words"),
        [
            ("No Name", "https://chat.example.com", "cannot name a site"),
            ("acme", "http://chat.example.com", "--allow-insecure"),
            ("acme", "chat", "no address"),
        ],
    )
    async def test_what_cannot_be_registered_is_refused_and_nothing_stored(
        self, bench: Bench, name: str, url: str, words: str
    ) -> None:
        with pytest.raises(UserError, match=words):
            await bench.admin.add(name, url)
        assert bench.sites.sites == {}

    async def test_a_name_is_given_once_and_the_first_site_keeps_its_secret(self, bench: Bench) -> None:
        added = await bench.admin.add("acme", "https://a.example")
        with pytest.raises(SiteExists):
            await bench.admin.add("acme", "https://b.example")

        assert bench.sites.sites["acme"].secrets == (added.secret,)

    async def test_the_log_has_no_secret(self, bench: Bench) -> None:
        with capture_logs() as logs:
            added = await bench.admin.add("acme", "https://a.example")

        (log,) = logs
        assert log == {
            "event": "site_added",
            "log_level": "info",
            "site": "acme",
            "url": "https://a.example",
            "allow_networks": [],
            "allow_insecure": False,
        }
        assert added.secret.get_secret_value() not in str(logs)


class TestWhereItsNameLeads:
    @pytest.mark.parametrize(
        ("addresses", "warning"),
        [
            pytest.param([], "", id="nowhere yet"),
            pytest.param(["9.9.9.9"], "", id="to a public address"),
            pytest.param(["10.1.2.3", "9.9.9.9"], "", id="to a public address as well"),
            pytest.param(["10.1.2.3"], "chat.example.com leads to 10.1.2.3, a private address", id="inside"),
            pytest.param(["10.1.2.3", "::1"], "and ::1, an address of the machine itself", id="inside, twice"),
        ],
    )
    async def test_a_name_that_leads_inside_is_registered_with_a_warning(
        self, bench: Bench, addresses: list[str], warning: str
    ) -> None:
        bench.names.addresses["chat.example.com"] = [address_of(each) for each in addresses]
        added = await bench.admin.add("acme", "https://chat.example.com:8443")

        assert warning in added.warning
        assert bool(warning) == ("relay site change acme --allow-network 10.1.2.3" in added.warning)
        assert bench.names.asked == ["chat.example.com"]
        assert bench.sites.sites == {"acme": added.site}

    async def test_what_is_allowed_is_no_reason_to_warn(self, bench: Bench) -> None:
        bench.names.addresses["chat.example.com"] = [address_of("10.1.2.3")]
        permission = Permission(networks_of(["10.1.0.0/16"]))
        added = await bench.admin.add("acme", "https://chat.example.com", permission)

        assert added.warning == ""
        assert added.site.permission == permission

    async def test_a_literal_address_is_not_looked_up(self, bench: Bench) -> None:
        for name, url in {"a": "https://9.9.9.9", "b": "https://[2620:fe::9]:8443"}.items():
            await bench.admin.add(name, url)

        assert bench.names.asked == []


class TestChanging:
    async def test_the_site_is_stored_as_it_shall_be_and_logged(self, bench: Bench) -> None:
        before = (await bench.admin.add("acme", "https://a.example")).site
        with capture_logs() as logs:
            site, warning = await bench.admin.change("acme", AddressChange("https://b.example"))

        assert bench.sites.sites == {"acme": site}
        assert (site.url, site.secrets, warning) == ("https://b.example", before.secrets, "")
        assert [(log["event"], log["site"], log["url"]) for log in logs] == [
            ("site_changed", "acme", "https://b.example")
        ]

    async def test_where_the_new_name_leads_is_looked_at(self, bench: Bench) -> None:
        await bench.admin.add("acme", "https://a.example")
        bench.names.addresses["b.example"] = [address_of("192.168.0.7")]
        _, warning = await bench.admin.change("acme", AddressChange("https://b.example"))

        assert "b.example leads to 192.168.0.7, a private address" in warning

    async def test_what_would_not_do_changes_nothing(self, bench: Bench) -> None:
        before = (await bench.admin.add("acme", "https://a.example")).site
        with pytest.raises(UserError, match="--allow-network"):
            await bench.admin.change("acme", AddressChange("https://10.1.2.3"))

        assert bench.sites.sites == {"acme": before}

    async def test_a_site_that_is_not_there_is_said(self, bench: Bench) -> None:
        with pytest.raises(SiteNotFound):
            await bench.admin.change("acme", AddressChange("https://a.example"))


class TestShowing:
    async def test_a_site_is_shown_with_its_pages_and_delivery_and_no_secret(self, bench: Bench) -> None:
        bench.sites.sites["acme"] = Site(
            "acme", "https://a.example", (SecretStr("hush"),), 7, Permission(networks_of(["10.0.0.0/8"]))
        )
        bench.bindings.bindings = {"1": "acme", "2": "beta", "3": "acme"}
        bench.status.waiting = {"acme": 5}
        view = await bench.admin.show("acme")

        assert view == SiteView("acme", "https://a.example", ["10.0.0.0/8"], False, 7, ["1", "3"], status_of("acme", 5))
        assert "hush" not in repr(view)

    async def test_all_are_listed_by_name(self, bench: Bench) -> None:
        for name in ("beta", "acme"):
            await bench.admin.add(name, "https://a.example")
        bench.status.waiting = {"beta": 2}

        views = await bench.admin.all()
        assert [(view.name, list(view.pages), view.delivery.waiting) for view in views] == [
            ("acme", [], 0),
            ("beta", [], 2),
        ]

    async def test_a_site_that_is_not_there_is_said_so(self, bench: Bench) -> None:
        with pytest.raises(SiteNotFound):
            await bench.admin.show("acme")

    async def test_unclaimed_pages_are_those_with_events_that_no_site_claims(self, bench: Bench) -> None:
        bench.status.waiting = {"~22": 2, "acme": 3, "~11": 1, "~33": 0}

        assert await bench.admin.unclaimed() == [Unclaimed("11", 1, 1000), Unclaimed("22", 2, 1000)]

    async def test_what_an_unclaimed_page_lost_is_told_although_nothing_waits_for_it_any_more(
        self, bench: Bench
    ) -> None:
        bench.status.lost = {"~22": 2}
        (lost,) = await bench.admin.unclaimed()

        assert (lost.page_id, lost.waiting, [loss.count for loss in lost.losses]) == ("22", 0, [2])
