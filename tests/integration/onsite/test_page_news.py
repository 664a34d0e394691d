"""What the relay says of a page's token shows at its channel, and goes by what shows that the page has a good one."""

from itertools import count
from typing import Any

from pydantic import SecretStr

from shared.graph import appsecret_proof
from shared.page_events import KIND_CONNECTED, KIND_DISCONNECTED, KIND_GAP, KIND_TOKEN_INVALID
from shared.page_token import PageToken, seal
from shared.site_secret import new_site_secret
from tests.integration.onsite.site import PAGE_ID, PAGE_TOKEN, PSID, SECRET, RunningSite, messenger_event, wire_event
from tests.world.watching import eventually

REASON = "The password of the Facebook account was changed: connect the page again."
DEAD = {"reason": REASON, "code": 190, "subcode": 460}


_numbers = count(1)


async def push(site: RunningSite, event: dict[str, Any]) -> None:
    assert await site.push_events(event) == (200, {"accepted": 1})


async def tell(site: RunningSite, kind: str, payload: Any, *, page_id: str = PAGE_ID) -> None:
    await push(site, wire_event(payload, number=next(_numbers), kind=kind, page_id=page_id))


def connected(site: RunningSite, token: str = PAGE_TOKEN) -> dict[str, Any]:
    proof = appsecret_proof(SecretStr(token), SecretStr(site.graph.app_secret))
    sealed = seal(PageToken(SecretStr(token), proof), page_id=PAGE_ID, secrets=[SECRET])
    payload = {"name": "Acme", "sealed": list(sealed)}
    return wire_event(payload, number=next(_numbers), kind=KIND_CONNECTED)


async def connect(site: RunningSite, token: str = PAGE_TOKEN) -> None:
    await push(site, connected(site, token))


async def health(site: RunningSite) -> tuple[str, str]:
    (channel,) = (await site.get("/channels"))["channels"]
    return channel["state"], channel["sentence"]


async def reply(site: RunningSite) -> Any:
    (conversation,) = (await site.get("/conversations"))["conversations"]
    _, sent = await site.call(
        "POST", f"/conversations/{conversation['id']}/replies", {"text": "good day", "client_id": "c1"}
    )
    return await site.settled(sent["id"])


async def test_a_dead_token_shows_at_its_channel_with_the_sentence(site: RunningSite) -> None:
    await connect(site)
    await tell(site, KIND_TOKEN_INVALID, DEAD)

    assert await health(site) == ("token_dead", REASON)


async def test_connecting_the_page_again_clears_it(site: RunningSite) -> None:
    await connect(site)
    await tell(site, KIND_TOKEN_INVALID, DEAD)
    await connect(site, site.graph.issue_token(PAGE_ID))

    assert await health(site) == ("ok", "")


async def test_the_same_token_told_again_clears_it_and_replies_go_out(site: RunningSite) -> None:
    """It works again: a checkpoint was passed, or a role restored."""
    await connect(site)
    await site.graph.customer_says(PAGE_ID, PSID, "hello")
    await tell(site, KIND_TOKEN_INVALID, DEAD)
    await connect(site)

    assert await health(site) == ("ok", "")
    assert (await reply(site))["state"] == "sent"


async def test_a_token_that_is_told_twice_changes_nothing(site: RunningSite) -> None:
    await connect(site)
    before = (await site.get("/channels"))["channels"]
    await connect(site)

    assert (await site.get("/channels"))["channels"] == before


async def test_another_token_from_an_admin_clears_it(site: RunningSite) -> None:
    await connect(site)
    await tell(site, KIND_TOKEN_INVALID, DEAD)
    token = site.graph.issue_token(PAGE_ID)
    await site.call("POST", "/channels", {"platform": "facebook", "page_id": PAGE_ID, "token": token})

    assert await health(site) == ("ok", "")


async def test_a_reply_that_gets_through_clears_it(site: RunningSite) -> None:
    """The relay's copy of a token may be older than the site's."""
    await connect(site)
    await site.graph.customer_says(PAGE_ID, PSID, "hello")
    await tell(site, KIND_TOKEN_INVALID, DEAD)

    assert (await reply(site))["state"] == "sent"
    await eventually(lambda: health(site), lambda seen: seen == ("ok", ""))


async def test_a_reply_that_is_refused_leaves_the_sentence_that_says_what_died(site: RunningSite) -> None:
    await connect(site)
    await site.graph.customer_says(PAGE_ID, PSID, "hello")
    await tell(site, KIND_TOKEN_INVALID, DEAD)
    site.graph.kill_token(PAGE_TOKEN, subcode=467)

    assert (await reply(site))["failure"]["code"] == "token_invalid"
    assert await health(site) == ("token_dead", REASON)


async def test_messages_come_all_the_same(site: RunningSite) -> None:
    await connect(site)
    await tell(site, KIND_TOKEN_INVALID, DEAD)
    await site.customer_says("hello", mid="m1", psid=PSID)

    (conversation,) = (await site.get("/conversations"))["conversations"]
    found = (await site.get(f"/conversations/{conversation['id']}/messages"))["messages"]
    assert [message["text"] for message in found] == ["hello"]
    assert await health(site) == ("token_dead", REASON)


async def test_a_reason_that_nobody_told_is_told_in_general(site: RunningSite) -> None:
    await connect(site)
    await tell(site, KIND_TOKEN_INVALID, {"reason": ""})

    state, sentence = await health(site)
    assert state == "token_dead"
    assert sentence.startswith("Facebook does not accept the page's token")


async def test_a_channel_without_a_token_says_so_still(site: RunningSite) -> None:
    await site.push_events(messenger_event("hello", mid="m1"))
    await tell(site, KIND_TOKEN_INVALID, DEAD)

    assert (await health(site))[0] == "no_token"


async def test_old_news_that_comes_once_more_undoes_nothing(site: RunningSite) -> None:
    first = connected(site)
    await push(site, first)
    await tell(site, KIND_DISCONNECTED, {"reason": "unbound"})
    await push(site, first)

    assert (await health(site))[0] == "disconnected"


async def test_a_gap_that_ends_with_the_calendar_holds_up_nothing(site: RunningSite) -> None:
    await connect(site)
    far = {"from": "0001-01-01T00:00:00+14:00", "to": "9999-12-31T23:59:59-14:00", "reason": "?"}
    gap = wire_event(far, number=next(_numbers), kind=KIND_GAP)

    assert await site.push_events(gap, messenger_event("hello", mid="m1")) == (200, {"accepted": 2})
    assert (await site.get("/status"))["backfills"][0]["until"] == "9999-12-31T23:59:59.999Z"
    assert (await site.get("/conversations"))["conversations"][0]["last_text"] == "hello"


async def test_a_token_sealed_for_a_secret_that_has_gone_is_refused_with_its_reason_and_blocks_nothing(
    site: RunningSite,
) -> None:
    """It waited at the relay through a rotation: what the site refuses becomes a dead letter there."""
    await connect(site)
    sealed = seal(PageToken(SecretStr("EAAolder"), None), page_id=PAGE_ID, secrets=[new_site_secret()])
    old = wire_event({"name": "Acme", "sealed": list(sealed)}, number=next(_numbers), kind=KIND_CONNECTED)
    status, answer = await site.push_events(old, messenger_event("hello", mid="m1"))

    assert (status, answer["accepted"]) == (200, 1)
    (refused,) = answer["rejected"]
    assert refused["id"] == old["id"]
    assert "sealed for another secret than this site's: connect the page once more" in refused["reason"]
    assert await health(site) == ("ok", "")
    (conversation,) = (await site.get("/conversations"))["conversations"]
    assert conversation["last_text"] == "hello"
