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
    ],
)
def test_everything_that_was_said_is_in_the_cell(message: dict[str, Any], cell: str) -> None:
    assert what_of({"text": "", "label": "", "attachments": []} | message) == cell
