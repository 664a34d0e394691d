"""A fresh address of a file: where it is asked for, which one it is, what a refusal means."""

import json

import pytest
from pydantic import SecretStr

from onsite.core.errors import FacebookError
from onsite.core.facebook.fresh_media import attachments_url, decode_addresses, failure_of, fresh_address
from onsite.core.media.troubles import MediaTrouble
from shared.graph import GRAPH_VERSION, GraphTrouble

ONE, TWO = "https://scontent.xx.fbcdn.net/v/1.jpg?oh=new", "https://video.xx.fbcdn.net/v/2.mp4?oh=new"
OLD = "https://scontent-fra3.xx.fbcdn.net/v/1.jpg?oh=old"


def test_a_message_is_asked_for_its_attachments() -> None:
    plain = f"https://graph.example/{GRAPH_VERSION}/m_a%2Fb/attachments"

    assert attachments_url("https://graph.example/", "m_a/b") == plain
    assert attachments_url("https://graph.example", "m_a/b", proof=SecretStr("p")) == f"{plain}?appsecret_proof=p"


def test_addresses_keep_their_places_also_where_there_is_none() -> None:
    data = [
        {"image_data": {"url": ONE, "preview_url": "https://x.fbcdn.net/preview"}},
        {"name": "odd"},
        {"video_data": {"url": TWO}},
        {"file_url": "https://cdn.fbsbx.com/v/3.pdf"},
        "odd",
    ]

    found = decode_addresses(200, json.dumps({"data": data}).encode())

    assert found == [ONE, "", TWO, "https://cdn.fbsbx.com/v/3.pdf", ""]


@pytest.mark.parametrize(
    ("position", "found", "expected"),
    [
        pytest.param(1, [TWO, ONE], ONE, id="the one with its path, wherever it stands"),
        pytest.param(0, [TWO], TWO, id="the only one there is"),
        pytest.param(1, [TWO], None, id="the only one, of another place"),
        pytest.param(0, [TWO, TWO + "2"], None, id="one of several without its path"),
        pytest.param(0, [], None, id="none at all"),
        pytest.param(0, ["https://evil.example/v/1.jpg"], None, id="its path elsewhere"),
        pytest.param(0, [""], None, id="one without an address"),
    ],
)
def test_the_fresh_address_is_that_of_the_same_file(position: int, found: list[str], expected: str | None) -> None:
    assert fresh_address(OLD, position, found) == expected


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        (GraphTrouble.TOKEN_DEAD, MediaTrouble.NO_TOKEN),
        (GraphTrouble.THROTTLED, MediaTrouble.THROTTLED),
        (GraphTrouble.GONE, MediaTrouble.GONE),
        (GraphTrouble.BAD_PARAMETER, MediaTrouble.GONE),
        (GraphTrouble.TEMPORARY, MediaTrouble.UNREACHABLE),
        (None, MediaTrouble.UNREACHABLE),
        (GraphTrouble.POLICY_BLOCK, MediaTrouble.EXPIRED),
    ],
)
def test_a_refusal_lasts_or_passes(trouble: GraphTrouble | None, expected: MediaTrouble) -> None:
    assert failure_of(FacebookError("Facebook says no.", trouble)).trouble is expected
