"""Trying a site over a real connection: whatever it does there is a finding, and it is tried as it is delivered to."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from relay.adapters.push_sessions import PushSessions
from relay.adapters.push_trial import PushTrial
from relay.core.permission import Permission, networks_of
from relay.core.site import Site
from relay.core.trial import TRIAL_LIMIT_S, Trial, TrialCode
from shared.site_secret import new_site_secret
from tests.support.certificate import self_signed
from tests.support.peer import peer
from tests.support.receiving_site import ReceivingSite, status
from tests.support.waiting import soon

SECRET = new_site_secret()
HERE = Permission(networks_of(["127.0.0.0/8"]), insecure=True)


@pytest.fixture
async def site() -> AsyncIterator[ReceivingSite]:
    async with ReceivingSite(SECRET.get_secret_value()) as site:
        yield site


async def tried(url: str, permission: Permission = HERE, **options: Any) -> Trial:
    """Try an address once."""
    async with PushSessions(**{"answer_timeout_s": TRIAL_LIMIT_S, "kept_sites": 0} | options) as sessions:
        return await soon(PushTrial(sessions).push(Site("acme", url, (SECRET,), 0, permission)))


async def test_a_site_that_takes_it_got_one_signed_push_without_any_event(site: ReceivingSite) -> None:
    trial = await tried(site.url)

    assert (trial.code, trial.status, trial.reached) == (TrialCode.REACHED, 200, True)
    assert trial.address == f"{site.url}/relay/events"
    (batch,) = site.batches  # which verified the signature with a library of its own
    assert json.loads(batch.body) == {"type": "events", "version": 1, "site": "acme", "events": []}
    assert "." not in batch.message_id


async def test_each_trial_has_an_id_and_a_connection_of_its_own(site: ReceivingSite) -> None:
    async with PushSessions(answer_timeout_s=TRIAL_LIMIT_S, kept_sites=0) as sessions:
        trial = PushTrial(sessions)
        for _ in range(2):
            await trial.push(Site("acme", site.url, (SECRET,), 0, HERE))

    assert len({batch.message_id for batch in site.batches}) == 2
    assert site.connections == 2


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(status(403), TrialCode.SIGNATURE_REFUSED, id="403"),
        pytest.param(status(404), TrialCode.HTTP_STATUS, id="404"),
        pytest.param(status(410), TrialCode.GONE, id="410"),
        pytest.param(status(502), TrialCode.HTTP_STATUS, id="502"),
    ],
)
async def test_a_status_is_told_as_it_is(site: ReceivingSite, answer: Any, code: TrialCode) -> None:
    site.answers = [answer]
    trial = await tried(site.url)

    assert (trial.code, trial.reached) == (code, False)
    assert str(trial.status) in trial.words


async def test_a_site_with_another_secret_refuses_the_signature(site: ReceivingSite) -> None:
    site.secret = new_site_secret().get_secret_value()

    assert (await tried(site.url)).code is TrialCode.SIGNATURE_REFUSED


async def test_a_redirect_is_told_and_not_followed(site: ReceivingSite) -> None:
    async with ReceivingSite(SECRET.get_secret_value()) as elsewhere:
        site.answers = [status(307, Location=f"{elsewhere.url}/relay/events")]

        assert (await tried(site.url)).code is TrialCode.REDIRECT
        assert not elsewhere.asked.is_set()


Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


async def hang_up(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Say nothing."""


async def say_ssh(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Be something else."""
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    await writer.drain()


@pytest.mark.parametrize(
    ("speak", "code"),
    [
        pytest.param(hang_up, TrialCode.BROKEN_OFF, id="hangs up"),
        pytest.param(say_ssh, TrialCode.NO_SITE, id="speaks something else"),
    ],
)
async def test_what_is_no_http_server_is_found_out(speak: Speak, code: TrialCode) -> None:
    async with peer(speak) as address:
        trial = await tried(f"http://{address}")

    assert (trial.code, trial.status) == (code, None)
    assert "SSH" not in trial.words


@asynccontextmanager
async def free_address() -> AsyncIterator[str]:
    """Yield an address at which nobody listens."""
    async with ReceivingSite("") as site:
        url = site.url
    yield url


async def test_a_port_at_which_nobody_listens_takes_no_connection() -> None:
    async with free_address() as url:
        trial = await tried(url)

    assert trial.code is TrialCode.NO_CONNECTION
    assert "Connection refused" in trial.words


async def test_a_name_that_nobody_knows_is_said_so() -> None:
    trial = await tried("http://no-such-site.invalid")

    assert (trial.code, trial.words) == (
        TrialCode.NAME_UNKNOWN,
        "the name no-such-site.invalid cannot be resolved",
    )


async def test_a_certificate_that_nobody_vouches_for_is_tls(tmp_path: Path) -> None:
    async with peer(hang_up, tls=self_signed(tmp_path)) as address:
        trial = await tried(f"https://{address}")

    assert trial.code is TrialCode.TLS
    assert "certificate" in trial.words


async def test_plain_http_behind_https_is_tls(site: ReceivingSite) -> None:
    assert (await tried(site.url.replace("http:", "https:"))).code is TrialCode.TLS


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_an_address_that_is_not_allowed_is_never_connected_to(site: ReceivingSite, host: str) -> None:
    trial = await tried(site.url.replace("127.0.0.1", host), Permission(insecure=True))

    assert trial.code is TrialCode.NETWORK_NOT_ALLOWED
    assert "`relay site change acme --allow-network" in trial.words
    assert not site.asked.is_set()


async def test_a_site_that_says_nothing_costs_its_time_and_no_more(site: ReceivingSite) -> None:
    site.silent = True
    trial = await tried(site.url, answer_timeout_s=0.2)

    assert (trial.code, trial.words) == (TrialCode.TIMEOUT, "no answer within 0 s")
    assert 200 <= trial.took_ms < 5000
