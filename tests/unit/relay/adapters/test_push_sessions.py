"""Where pushes may connect, over real sockets: judged at each connection, and nothing shared between permissions.

All traffic stays on this machine, so loopback plays both parts: 127.0.0.1 is allowed where a test says so, 127.0.0.2 is
the address inside that nobody allowed.
"""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from relay.adapters.push import RECORD_KEPT_S, HttpPush
from relay.adapters.push_sessions import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S, KEPT_SITES, PushSessions
from relay.core.delivery import Delivered, Failed, Verdict
from relay.core.outbox import Entry
from relay.core.permission import Permission, networks_of
from relay.core.site import Site
from shared.judged_sockets import AddressRefused
from shared.site_secret import new_site_secret
from tests.support.clock import ManualClock
from tests.support.peer import peer
from tests.support.receiving_site import ReceivingSite
from tests.support.waiting import process_does, soon

SECRET = new_site_secret()
ENTRY = Entry("1800000000000-1", "1122", "messaging", b'{"message":{"text":"hello"}}')
HERE = ("127.0.0.1/32",)


class Names(AbstractResolver):
    """A resolver that says what a test wants, and something else the next time."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002  the library's signature
    ) -> list[ResolveResult]:
        """Give the next answer; the last one for ever."""
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
            for address in answer
        ]

    async def close(self) -> None:
        """Hold nothing."""


class Sites:
    """Where records are looked up; a test changes them as an operator would."""

    def __init__(self) -> None:
        self.records: dict[str, Site] = {}

    def add(self, name: str, url: str, *networks: str) -> None:
        self.records[name] = Site(name, url, (SECRET,), 0, Permission(networks_of(networks), insecure=True))

    async def find(self, name: str) -> Site:
        return self.records[name]


class Bench:
    """One relay's pushes, and the sites it knows."""

    def __init__(self, sessions: PushSessions) -> None:
        self.sessions, self.sites, self.clock = sessions, Sites(), ManualClock(float(int(time.time())))
        self._push = HttpPush(sessions, self.sites.find, clock=self.clock)

    async def push(self, name: str) -> Verdict:
        return await soon(self._push.deliver(name, [ENTRY]))


@asynccontextmanager
async def bench_with(resolver: AbstractResolver | None = None, *, kept_sites: int = KEPT_SITES) -> AsyncIterator[Bench]:
    async with PushSessions(resolver=resolver, kept_sites=kept_sites) as sessions:
        yield Bench(sessions)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with bench_with() as bench:
        yield bench


@pytest.fixture
async def server() -> AsyncIterator[ReceivingSite]:
    async with ReceivingSite(SECRET.get_secret_value()) as server:
        yield server


def port_of(server: ReceivingSite) -> str:
    return server.url.rpartition(":")[2]


class Door:
    """A server that counts who comes, and hangs up."""

    def __init__(self) -> None:
        self.came = 0

    async def answer(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        writer.close()


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("host", "words"),
        [
            pytest.param("127.0.0.1", "127.0.0.1 is an address of the machine itself", id="a literal address"),
            pytest.param("localhost", "localhost leads to ", id="a name"),
            pytest.param("[::ffff:127.0.0.1]", "is an address of the machine itself", id="IPv4 written as IPv6"),
            pytest.param("[::1]", "::1 is an address of the machine itself", id="IPv6"),
            pytest.param("[fe80::1%25lo]", "leads to fe80::1, a link-local address", id="an address with a zone"),
            pytest.param("0.0.0.0", "0.0.0.0 is an address of the machine itself", id="unspecified"),  # noqa: S104  refused
            pytest.param("169.254.169.254", "169.254.169.254 is a link-local address", id="a cloud's credentials"),
            pytest.param("10.255.255.1", "10.255.255.1 is a private address", id="private"),
            pytest.param("\uff11\uff12\uff17.0.0.1", "127.0.0.1 is an address of", id="wide digits"),
        ],
    )
    async def test_an_address_inside_is_a_verdict_that_says_what_to_do_and_no_connection(
        self, bench: Bench, server: ReceivingSite, host: str, words: str
    ) -> None:
        bench.sites.add("acme", f"http://{host}:{port_of(server)}")
        verdict = await bench.push("acme")

        assert isinstance(verdict, Failed)
        assert words in verdict.reason
        assert "`relay site change acme --allow-network " in verdict.reason
        assert not server.asked.is_set()

    @pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.1."])
    async def test_a_number_for_a_host_never_connects(self, bench: Bench, server: ReceivingSite, host: str) -> None:
        bench.sites.add("acme", f"http://{host}:{port_of(server)}")

        assert isinstance(await bench.push("acme"), Failed)
        assert not server.asked.is_set()

    async def test_refused_means_before_tcp(self, bench: Bench) -> None:
        door = Door()
        async with peer(door.answer) as address:
            for name, url in {"a": f"http://{address}", "b": f"https://{address}"}.items():
                bench.sites.add(name, url)
                assert isinstance(await bench.push(name), Failed)
            assert door.came == 0

            bench.sites.add("c", f"http://{address}", *HERE)
            assert isinstance(await bench.push("c"), Failed)
            assert door.came > 0

    async def test_all_that_a_name_leads_to_is_refused_in_the_same_words(self, server: ReceivingSite) -> None:
        async with bench_with(Names(["127.0.0.1", "::1", "10.1.2.3"])) as bench:
            bench.sites.add("acme", f"http://chat.example.com:{port_of(server)}")
            verdict = await bench.push("acme")

        assert isinstance(verdict, Failed)
        assert verdict.reason.startswith("chat.example.com leads to ")
        assert "relay site change acme --allow-network" in verdict.reason

    @pytest.mark.parametrize("lies", [["localhost"], ["2130706433"], ["0x7f.1"], [""], ["localhost", "127.1"]], ids=str)
    async def test_a_resolver_that_answers_with_no_address_leads_nowhere(
        self, server: ReceivingSite, lies: list[str]
    ) -> None:
        async with bench_with(Names(lies)) as bench:
            bench.sites.add("acme", f"http://chat.example.com:{port_of(server)}", *HERE)

            assert isinstance(await bench.push("acme"), Failed)
        assert not server.asked.is_set()


class TestWhatIsAllowed:
    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
    async def test_an_address_in_a_network_of_the_sites_own(
        self, bench: Bench, server: ReceivingSite, host: str
    ) -> None:
        bench.sites.add("acme", f"http://{host}:{port_of(server)}", "127.0.0.0/8", "::1")

        assert await bench.push("acme") == Delivered()

    async def test_of_several_addresses_the_one_that_is_allowed(self, server: ReceivingSite) -> None:
        async with bench_with(Names(["127.0.0.2", "10.1.2.3", "127.0.0.1"])) as bench:
            bench.sites.add("acme", f"http://chat.example.com:{port_of(server)}", *HERE)

            assert await bench.push("acme") == Delivered()

    async def test_nobody_at_the_allowed_address_is_a_failure_in_words(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        async with bench_with(Names(["127.0.0.2", "127.0.0.1"])) as bench:
            bench.sites.add("acme", f"http://chat.example.com:{port}", *HERE)
            verdict = await bench.push("acme")

        assert isinstance(verdict, Failed)
        assert f"chat.example.com:{port} does not take connections" in verdict.reason


class TestRebinding:
    async def test_a_name_that_leads_elsewhere_a_moment_later_is_judged_by_where_it_leads_then(self) -> None:
        """The name passes once, honestly; the next connection goes to an address that nobody allowed."""
        names, door = Names(["127.0.0.1"], ["127.0.0.2"]), Door()
        async with ReceivingSite(SECRET.get_secret_value()) as honest, bench_with(names) as bench:
            inside = await asyncio.start_server(door.answer, "127.0.0.2", int(port_of(honest)))
            async with inside:
                bench.sites.add("acme", f"http://chat.example.com:{port_of(honest)}", *HERE)
                first = await bench.push("acme")
                await honest.go_down()
                await forget_names(bench.sessions, "acme")
                second = await bench.push("acme")

        assert first == Delivered()
        assert isinstance(second, Failed)
        assert "chat.example.com leads to 127.0.0.2, an address of the machine itself" in second.reason
        assert (names.asked, door.came) == (2, 0)

    async def test_an_answer_that_is_remembered_is_judged_again_under_every_permission(
        self, server: ReceivingSite
    ) -> None:
        async with bench_with(Names(["127.0.0.1"])) as bench:
            url = f"http://chat.example.com:{port_of(server)}"
            bench.sites.add("acme", url, *HERE)
            bench.sites.add("beta", url)
            verdicts = [await bench.push(name) for name in ("acme", "beta", "acme", "beta")]

        assert [isinstance(verdict, Delivered) for verdict in verdicts] == [True, False, True, False]


async def forget_names(sessions: PushSessions, site: str) -> None:
    """Let the seconds pass for which the library remembers a name."""
    async with sessions.reaching(site, networks_of(HERE)) as session:
        assert isinstance(session.connector, aiohttp.TCPConnector)
        session.connector.clear_dns_cache()


class SilentNameServer(asyncio.DatagramProtocol):
    """Takes questions and never answers."""

    def __init__(self) -> None:
        self.asked = 0

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002  asyncio names them
        self.asked += 1


async def test_sites_whose_name_servers_hang_hold_up_no_other(server: ReceivingSite) -> None:
    loop = asyncio.get_running_loop()
    transport, silent = await loop.create_datagram_endpoint(SilentNameServer, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    async with bench_with(aiohttp.AsyncResolver(nameservers=["127.0.0.1"], udp_port=port)) as bench:
        bench.sites.add("well", server.url.replace("127.0.0.1", "localhost"), "127.0.0.0/8", "::1")
        hanging = [f"hanging-{number}" for number in range(50)]
        for name in hanging:
            bench.sites.add(name, f"http://{name}.example.com")
        pushes = [asyncio.create_task(bench.push(name)) for name in hanging]

        async def all_asked() -> bool:
            return silent.asked >= len(hanging)

        await process_does(all_asked)
        verdict = await bench.push("well")
        still_hanging = sum(not push.done() for push in pushes)
        for push in pushes:
            push.cancel()
        await asyncio.gather(*pushes, return_exceptions=True)
    transport.close()

    assert (verdict, still_hanging) == (Delivered(), len(hanging))


class TestKeptConnections:
    async def test_what_one_permission_opened_no_other_site_can_use(self, bench: Bench, server: ReceivingSite) -> None:
        bench.sites.add("acme", server.url, *HERE)
        bench.sites.add("beta", server.url)
        assert await bench.push("acme") == Delivered()
        verdict = await bench.push("beta")

        assert isinstance(verdict, Failed)
        assert "relay site change beta" in verdict.reason
        assert (len(server.batches), server.connections) == (1, 1)

    async def test_each_site_keeps_its_own(self, bench: Bench, server: ReceivingSite) -> None:
        bench.sites.add("acme", server.url, *HERE)
        bench.sites.add("beta", server.url, *HERE)
        for name in ("acme", "beta", "acme", "beta"):
            assert await bench.push(name) == Delivered()

        assert server.connections == 2

    async def test_those_to_the_sites_that_were_pushed_to_last_are_kept_and_no_more(
        self, server: ReceivingSite
    ) -> None:
        async with bench_with(kept_sites=2) as bench:
            for name in ("acme", "beta", "gamma"):
                bench.sites.add(name, server.url, *HERE)

            async def connections_after(*names: str) -> int:
                before = server.connections
                for name in names:
                    assert await bench.push(name) == Delivered()
                return server.connections - before

            assert await connections_after("acme", "beta", "acme", "beta") == 2
            assert await connections_after("acme", "gamma") == 1  # beta is the one that waits longest
            assert await connections_after("gamma", "acme") == 0
            assert await connections_after("beta") == 1

            async def two_are_open() -> bool:
                return server.open_connections == 2

            await process_does(two_are_open)

    async def test_what_is_taken_back_is_refused_although_a_connection_is_open(
        self, bench: Bench, server: ReceivingSite
    ) -> None:
        bench.sites.add("acme", server.url, *HERE)
        assert await bench.push("acme") == Delivered()
        bench.sites.records["acme"] = replace(bench.sites.records["acme"], permission=Permission(insecure=True))
        bench.clock.advance(RECORD_KEPT_S + 1)

        assert isinstance(await bench.push("acme"), Failed)
        assert len(server.batches) == 1

    async def test_what_is_given_is_in_force_with_the_next_attempt(self, bench: Bench, server: ReceivingSite) -> None:
        bench.sites.add("acme", server.url)
        assert isinstance(await bench.push("acme"), Failed)
        bench.sites.add("acme", server.url, *HERE)

        assert await bench.push("acme") == Delivered()


class TestTheSession:
    @pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
    async def test_no_proxy_of_the_environment_connects_in_our_place(
        self, bench: Bench, server: ReceivingSite, variable: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        door = Door()
        async with peer(door.answer) as proxy:
            monkeypatch.setenv(variable, f"http://{proxy}")
            bench.sites.add("acme", server.url, *HERE)
            bench.sites.add("beta", "http://10.1.2.3")

            assert await bench.push("acme") == Delivered()
            assert isinstance(await bench.push("beta"), Failed)
        assert door.came == 0

    async def test_timeouts_are_those_that_the_module_explains(self) -> None:
        async with PushSessions() as sessions, sessions.reaching("acme", ()) as session:
            assert session.timeout.total == ANSWER_TIMEOUT_S == 20.0
            assert session.timeout.connect == CONNECT_TIMEOUT_S == 5.0

    async def test_all_sessions_are_closed_at_the_end(self) -> None:
        opened = []
        async with PushSessions() as sessions:
            for networks in ((), networks_of(HERE), ()):
                async with sessions.reaching("acme", networks) as session:
                    opened.append(session)

        assert opened[0] is opened[2]
        assert all(session.closed for session in opened)

    async def test_two_pushes_to_a_site_at_once_do_not_share_one(self) -> None:
        async with PushSessions() as sessions:
            async with sessions.reaching("acme", ()) as first, sessions.reaching("acme", ()) as second:
                assert first is not second
            assert first.closed != second.closed

    @pytest.mark.parametrize("text", ["127.0.0.1", "::1"])
    async def test_a_refusal_is_an_error_of_the_system_to_the_library(self, text: str) -> None:
        async with PushSessions() as sessions:
            host = f"[{text}]" if ":" in text else text
            async with sessions.reaching("acme", ()) as session:
                with pytest.raises(aiohttp.ClientConnectorError) as failed:
                    await session.get(f"http://{host}:1")

        assert isinstance(failed.value.os_error, AddressRefused)
        assert str(failed.value.os_error.address) == text
