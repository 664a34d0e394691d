"""What docs/api.md lists is what the code can answer, no more and no less."""

import json
import re
from pathlib import Path

import pytest

from onsite.core.facebook.send import MAX_TEXT as MAX_MESSENGER_TEXT
from onsite.core.gap import Span
from onsite.core.media.states import MediaState
from onsite.core.media.troubles import MediaTrouble
from onsite.core.model import AttachmentKind, Author, Change, Direction, Kind, Platform
from onsite.core.relay_answers import RelayState
from onsite.core.telegram.api import MAX_TEXT as MAX_TELEGRAM_TEXT
from onsite.core.telegram.outcomes import _REFUSALS
from onsite.engine.channels import Channel, ChannelRef, ChannelState
from onsite.engine.gaps import Gap, GapState, GapView, ThreadRead
from onsite.engine.media import MediaView
from onsite.engine.relay_link import RelayLink
from onsite.engine.replies import MAX_CLIENT_ID
from onsite.engine.views import ContactView, ConversationView, MessageView
from onsite.web.views import (
    backfill_json,
    channel_json,
    contact_json,
    conversation_json,
    media_json,
    message_json,
    relay_json,
)
from shared.graph import GraphTrouble

ROOT = Path(__file__).parents[4]
DOCUMENT = (ROOT / "docs/api.md").read_text(encoding="utf-8")

CHANNEL = Channel(1, ChannelRef(Platform.FACEBOOK, "1122"), "Acme", ChannelState.OK, "", has_token=True)
CONTACT = ContactView(1, 1, Platform.FACEBOOK, "9001", "Ada", "", "")
RELAY = relay_json(RelayLink(asked=False, clock=lambda: 0.0), site=None, last_batch_at_ms=None)
CONVERSATION = ConversationView(
    1, 1, Platform.FACEBOOK, "Acme", "9001", "", 1, "Ada", 0, "hello", True, None, True, 0, None, None
)
MESSAGE = MessageView(
    1, 1, Direction.INBOUND, Author.CONTACT, 1, "Ada", Kind.TEXT, 0, "hello", "", "", "", "m", None, "", "", False, ()
)
GAP = Gap(
    1, 1, "1122", Span(0, 1), "", GapState.DONE, "", listed=True, merged_into=None, not_before_ms=0, ended_at_ms=1
)
BACKFILL = backfill_json(GapView(GAP, 1, 1, 0, [ThreadRead("t_1", "9001", 0, 1)], 1, 1))

POSTPONED_OR_LOST = {GraphTrouble.THROTTLED, GraphTrouble.TEMPORARY, GraphTrouble.UNKNOWN_OUTCOME}
"""Troubles of Facebook's that leave a reply queued or unknown, under codes of our own."""
OF_THE_RELAYS_PUSH = {"bad_signature", "wrong_site", "malformed_batch", "no_relay"}
OF_THE_FRAMEWORK = {"method_not_allowed"}


def table(heading: str, *, column: int = 0) -> set[str]:
    """Return what stands in backticks in one column of the first table below `heading`."""
    rows = DOCUMENT.split(heading, 1)[1].split("|---|", 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    return {code for row in rows for code in re.findall(r"`([^`]+)`", row.split("|")[column + 1])}


def written(pattern: str, *paths: str) -> set[str]:
    """Return what `pattern` finds in the source."""
    files = [
        file for path in paths for file in ([ROOT / path] if path.endswith(".py") else (ROOT / path).rglob("*.py"))
    ]
    return {found for file in files for found in re.findall(pattern, file.read_text(encoding="utf-8"))}


@pytest.mark.parametrize(
    ("heading", "fields"),
    [
        pytest.param("A conversation:", set(conversation_json(CONVERSATION)), id="conversation"),
        pytest.param("A contact:", set(contact_json(CONTACT)), id="contact"),
        pytest.param("A channel:", set(channel_json(CHANNEL)), id="channel"),
        pytest.param("The relay, as `relay` in the status:", set(RELAY), id="relay"),
    ],
)
def test_every_field_is_listed(heading: str, fields: set[str]) -> None:
    assert table(heading) == fields


def test_every_field_of_a_message_is_told_and_every_value_that_it_may_have() -> None:
    sample = json.loads(DOCUMENT.split("A message:\n\n```json\n", 1)[1].split("\n```", 1)[0])
    values = table("| field | values |", column=1)

    assert set(sample) == set(message_json(MESSAGE))
    assert values >= {*map(str, Kind), *map(str, Author), *map(str, AttachmentKind), *map(str, Change)}


def test_every_field_of_a_file_is_listed_and_every_state_and_reason_that_it_may_have() -> None:
    pending = MediaView(1, MediaState.PENDING, "", None, has_thumbnail=False, trouble=None, sentence="")

    assert table("A file, as `media`") == set(media_json(pending))
    assert table("A file, as `media`", column=1) >= set(map(str, MediaState))
    assert table("| `reason.code`") - {"reason.code"} == set(map(str, MediaTrouble))


def test_every_field_of_a_backfill_is_listed() -> None:
    fields = table("A backfill:")

    assert fields == set(BACKFILL)
    assert table("A backfill:", column=1) >= {*map(str, GapState), *BACKFILL["beyond_reach"][0]}


def test_every_state_of_the_relay_is_listed_and_explained() -> None:
    line = DOCUMENT.split("`state` is one of ", 1)[1].split(";", 1)[0]
    deployment = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
    explained = deployment.split("| state | meaning | who can help |\n|---|---|---|\n", 1)[1].split("\n\n", 1)[0]
    rows = {state for row in explained.splitlines() for state in re.findall(r"`([^`]+)`", row.split("|")[1])}

    assert set(re.findall(r"`([^`]+)`", line)) == rows == set(map(str, RelayState))


def test_every_state_that_a_channel_can_show_is_listed() -> None:
    assert table("| channel `state`") | {"state"} == {*map(str, ChannelState), "state"} - {ChannelState.REMOVED.value}


def test_every_code_of_a_failure_is_listed() -> None:
    ours = written(r'(?:Refused\(\s*|\bcode=|failure_code=)"([a-z_]+)"', "onsite")
    facebooks = {trouble.value for trouble in set(GraphTrouble) - POSTPONED_OR_LOST}
    telegrams = {code for _, (code, _) in _REFUSALS}

    assert table("| `failure.code`") == ours | facebooks | telegrams


def test_every_code_of_an_error_is_listed() -> None:
    said = written(r'(?:RequestRefused|json_error)\(\s*[0-9]+, f?"([^"]+)"', "onsite/web", "shared/web.py")
    codes = {code.replace("{name}", "wait_s") for code in said} - OF_THE_RELAYS_PUSH

    assert table("An error is", column=1) == codes | OF_THE_FRAMEWORK


@pytest.mark.parametrize("limit", [MAX_MESSENGER_TEXT, MAX_TELEGRAM_TEXT, f"1 to {MAX_CLIENT_ID} characters", "64 KiB"])
def test_a_limit_is_told(limit: object) -> None:
    assert str(limit) in DOCUMENT
