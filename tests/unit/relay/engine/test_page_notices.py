"""What sites are told of a page that moves."""

import pytest
from pydantic import SecretStr

from relay.core.change import Mandate
from relay.core.errors import ChangeOvertaken, SiteNotFound
from relay.core.page import ConnectedPage
from relay.core.site import Site
from relay.engine.page_notices import MOVED_AWAY, PageNotices
from shared import page_events
from shared.errors import VaultError
from shared.page_token import PageToken, unseal
from shared.site_secret import new_site_secret
from tests.support.clock import NOON, ManualClock
from tests.support.logs import written_logs

MANDATE = Mandate("1122", 7)
PAGE = ConnectedPage("1122", "beta", "Acme", SecretStr("EAApage"), 0)
OLD, NEW = new_site_secret(), new_site_secret()


class Pages:
    """Fits `engine.page_notices.Reassigning`."""

    def __init__(self, page: ConnectedPage | None = PAGE, error: Exception | None = None) -> None:
        self.reassigned: list[tuple[Mandate, str, int]] = []
        self._page = page
        self._error = error

    async def reassign(self, mandate: Mandate, site: str, *, now_ms: int) -> ConnectedPage | None:
        if self._error:
            raise self._error
        self.reassigned.append((mandate, site, now_ms))
        return self._page


async def find_site(name: str) -> Site:
    if name != "beta":
        raise SiteNotFound(name)
    return Site(name, "https://beta.example", (NEW, OLD), 0)


def notices(pages: Pages) -> PageNotices:
    return PageNotices(
        pages,
        find_site=find_site,
        proof_of=lambda token: SecretStr("proof of " + token.get_secret_value()),
        clock=ManualClock(),
    )


async def test_the_new_site_gets_the_token_sealed_for_each_of_its_secrets() -> None:
    pages = Pages()
    event = await notices(pages).arrival(MANDATE, "beta")

    assert event is not None
    assert (event.page_id, event.kind) == ("1122", page_events.KIND_CONNECTED)
    told = page_events.decode_connected(event.payload)
    for secret in (OLD, NEW):
        token = unseal(told.sealed, page_id="1122", secret=secret)
        assert token == PageToken(SecretStr("EAApage"), SecretStr("proof of EAApage"))
    assert told.name == "Acme"
    assert b"EAApage" not in event.payload
    assert pages.reassigned == [(MANDATE, "beta", round(NOON * 1000))]


async def test_where_the_relay_has_no_token_there_is_nothing_to_tell() -> None:
    assert await notices(Pages(None)).arrival(MANDATE, "beta") is None


@pytest.mark.parametrize(
    ("pages", "site"),
    [
        pytest.param(Pages(error=VaultError("no key opens it")), "beta", id="a token that no key opens"),
        pytest.param(Pages(), "removed", id="a site that is no more"),
    ],
)
async def test_what_cannot_be_told_keeps_no_page_from_moving(pages: Pages, site: str) -> None:
    with written_logs() as logs:
        assert await notices(pages).arrival(MANDATE, site) is None

    assert "page_token_kept_back" in logs.text
    assert "EAApage" not in logs.text


async def test_a_token_that_cannot_be_sealed_is_kept_back() -> None:
    assert await notices(Pages()).handing_over(PAGE, "removed") is None


async def test_whoever_was_overtaken_tells_nothing() -> None:
    with pytest.raises(ChangeOvertaken):
        await notices(Pages(error=ChangeOvertaken("1122"))).arrival(MANDATE, "beta")


def test_the_old_site_learns_that_the_page_is_gone_and_not_whose_it_is() -> None:
    event = notices(Pages()).parting("1122")

    assert event.kind == page_events.KIND_DISCONNECTED
    assert page_events.decode_disconnected(event.payload).reason == MOVED_AWAY
    assert "beta" not in MOVED_AWAY
