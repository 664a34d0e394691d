"""What needs no token, and how the site stands."""

from sqlalchemy import text

from onsite.adapters.sql.database import open_database
from onsite.core.relay_answers import OFF
from tests.integration.onsite.site import BOT_TOKEN, RunningSite, messenger_event, wire_event


async def fetch(site: RunningSite, path: str) -> tuple[int, str, str]:
    async with site.http.get(site.url + path) as answer:
        return answer.status, answer.content_type, await answer.text()


async def test_the_first_page_says_what_this_is_and_promises_nothing(site: RunningSite) -> None:
    status, content_type, page = await fetch(site, "/")

    assert (status, content_type) == (200, "text/html")
    assert "On-site client" in page or "on-site client" in page
    assert "no inbox for the browser in this release" in page


async def test_it_lives_and_is_ready(site: RunningSite) -> None:
    assert (await fetch(site, "/healthz"))[0] == 200
    assert (await fetch(site, "/readyz"))[0] == 200


async def test_it_is_not_ready_with_the_tables_of_another_release(site: RunningSite) -> None:
    database = open_database(None, site.settings.data_dir)
    of_another = text("UPDATE alembic_version SET version_num = '9999'")
    await database.write(lambda connection: connection.execute(of_another))
    await database.close()

    status, _, body = await fetch(site, "/readyz")
    assert (status, "9999" in body) == (503, True)
    assert (await fetch(site, "/healthz"))[0] == 200


async def test_metrics_count_and_name_nobody(site: RunningSite) -> None:
    await site.push_events(messenger_event("hello", mid="m1", psid="900100200"), wire_event({}, number=1))
    status, _, body = await fetch(site, "/metrics")

    assert status == 200
    assert 'onsite_events_total{platform="facebook",state="translated"} 1.0' in body
    assert 'onsite_channels{platform="facebook",state="no_token"} 1.0' in body
    assert "onsite_messages_total 1.0" in body
    assert "onsite_relay_waiting_events NaN" in body  # nobody asked: 0 would be a claim
    assert 'onsite_replies{state="unknown"} 0.0' in body
    assert "900100200" not in body


async def test_the_status_shows_relay_channels_replies_and_tasks(site: RunningSite) -> None:
    before = await site.get("/status")
    await site.call("POST", "/channels", {"platform": "telegram", "token": BOT_TOKEN})
    await site.customer_says("hello", mid="m1")
    after = await site.get("/status")

    assert before["relay"] == {
        "receiving": True,
        "state": "off",
        "sentence": OFF.sentence,
        "waiting": None,
        "pages": None,
        "checked_at": None,
        "announced_at": None,
        "last_batch_at": None,
    }
    assert before["site"] == "acme"
    assert after["relay"]["last_batch_at"].endswith("Z")
    assert [channel["state"] for channel in after["channels"]] == ["ok", "no_token"]
    assert after["replies"] == {"queued": 0, "sending": 0, "unknown": 0}
    assert after["quarantined"] == 0
    assert {task["name"] for task in after["tasks"]} == {"sender", "media", "media upkeep", "profiles", "telegram:1"}
    assert all(task["running"] for task in after["tasks"])
    assert after["media"] == {"pending": 0, "failed": 0}
