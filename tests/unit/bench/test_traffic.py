"""The benchmark's webhooks are such as Meta sends, and say themselves who sent them in which order."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from relay.core.webhook import SIGNATURE_HEADER, split, verify_signature
from tests.bench.checker import Arrival, find_problems
from tests.bench.traffic import (
    APP_SECRET,
    Traffic,
    bodies,
    event_mid,
    expected,
    page_id,
    read_mid,
    requests_of,
    site_name,
    site_of,
    webhook_body,
)

traffics = st.builds(
    Traffic,
    st.integers(1, 60),
    senders=st.integers(1, 7),
    sites=st.integers(1, 5),
    events_per_body=st.integers(1, 9),
    first_site=st.integers(0, 9),
    pages_per_site=st.integers(1, 3),
    varied=st.booleans(),
)


def test_the_relay_takes_a_request_for_authentic_and_finds_one_event_for_each_entry() -> None:
    (request,) = requests_of(Traffic(3, senders=1, events_per_body=3), host="127.0.0.1:8080")[0]
    head, _, body = request.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])

    verify_signature(headers[SIGNATURE_HEADER], body, app_secret=SecretStr(APP_SECRET))
    parts = split(body)

    assert headers["Content-Length"] == str(len(body))
    assert [(item.page_id, item.kind) for item in parts.items] == [(page_id(0), "messaging")] * 3
    assert [read_mid(msgspec.json.decode(item.payload)["message"]["mid"]) for item in parts.items] == [
        (0, 0),
        (0, 1),
        (0, 2),
    ]
    assert not parts.odd


@given(traffics)
def test_a_perfect_relay_passes_the_check_whatever_the_traffic(traffic: Traffic) -> None:
    arrivals = [
        Arrival(site_name(body.site), f"1763806800123-{place}", body.sender, body.first + offset)
        for place, body in enumerate(bodies(traffic))
        for offset in range(body.size)
    ]
    unique = [arrival._replace(event_id=f"1763806800123-{place}") for place, arrival in enumerate(arrivals)]

    assert find_problems(expected(traffic), unique) == []
    assert len(unique) == traffic.events == sum(expected(traffic).values())


@given(traffics)
def test_the_senders_together_send_every_body(traffic: Traffic) -> None:
    sent = requests_of(traffic, host="127.0.0.1:8080")

    assert len(sent) == traffic.senders
    assert sum(map(len, sent)) == len(list(bodies(traffic)))


@given(st.integers(0, 99), st.integers(0, 10**7), st.sampled_from("AW"))
def test_an_events_name_tells_its_sender_and_its_number(sender: int, number: int, series: str) -> None:
    assert read_mid(event_mid(sender, number, series)) == (sender, number)


def test_no_two_series_share_a_name_so_that_a_real_site_takes_both() -> None:
    assert event_mid(1, 2, "A") != event_mid(1, 2, "W")


@pytest.mark.parametrize("mid", ["", "m_", "m_1", "m_1.x.AAA", "m_1.2.AAA.B"])
def test_a_name_of_somebody_else_is_refused(mid: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_mid(mid)


def test_a_page_leads_to_its_site() -> None:
    assert site_of(page_id(7)) == site_name(7) == "site-00007"


@given(traffics)
def test_no_page_has_two_sites(traffic: Traffic) -> None:
    pages = [page for site in traffic.site_indices() for page in traffic.pages_of(site)]

    assert len(set(pages)) == len(pages) == traffic.sites * traffic.pages_per_site


def test_a_body_for_a_site_of_several_pages_touches_all_of_them() -> None:
    traffic = Traffic(12, senders=2, sites=4, pages_per_site=3, events_per_body=3)
    found = {item.page_id for body in bodies(traffic) for item in split(webhook_body(body, traffic)).items}

    assert found == {page_id(index) for index in range(12)}


def test_varied_items_are_of_three_hundred_to_six_hundred_bytes() -> None:
    traffic = Traffic(100, senders=1, events_per_body=100, varied=True)
    (body,) = bodies(traffic)
    sizes = {len(item.payload) for item in split(webhook_body(body, traffic)).items}

    assert 290 < min(sizes) < 310
    assert 580 < max(sizes) < 610
    assert len(sizes) > 5
