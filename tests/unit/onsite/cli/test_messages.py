"""A message in one cell: never blank."""

from typing import Any

import pytest

from onsite.cli.messages import what_of


@pytest.mark.parametrize(
    ("message", "cell"),
    [
        pytest.param({"text": "hello"}, "hello", id="text"),
        pytest.param({"label": "a poll"}, "[a poll]", id="placeholder"),
        pytest.param(
            {"text": "look", "attachments": [{"kind": "image", "name": "", "title": ""}]}, "look [image]", id="caption"
        ),
        pytest.param(
            {
                "attachments": [
                    {"kind": "file", "name": "a.pdf", "title": ""},
                    {"kind": "audio", "name": "", "title": "b"},
                ]
            },
            "[file a.pdf] [audio b]",
            id="attachments",
        ),
        pytest.param(
            {"text": "at five", "earlier": [{"text": "at four"}, {"text": "at six"}]},
            "at five [edited; before: at six]",
            id="edited",
        ),
        pytest.param(
            {
                "text": "no",
                "reactions": [
                    {"author": "contact", "author_name": "Ada", "text": "❤"},
                    {"author": "elsewhere", "author_name": "", "text": "👍"},
                ],
            },
            "no [Ada: ❤] [elsewhere: 👍]",
            id="reactions",
        ),
        pytest.param({"text": "oops", "deleted_at": "2026-11-23T07:00:00.000Z"}, "oops [taken back]", id="taken back"),
    ],
)
def test_everything_that_was_said_is_in_the_cell(message: dict[str, Any], cell: str) -> None:
    bare: dict[str, Any] = {
        "text": "",
        "label": "",
        "attachments": [],
        "earlier": [],
        "reactions": [],
        "deleted_at": None,
    }
    assert what_of(bare | message) == cell
