"""A message in one cell: never blank."""

from typing import Any

import pytest

from onsite.cli.messages import what_of


@pytest.mark.parametrize(
    ("message", "cell"),
    [
        pytest.param({"text": "hello"}, "hello", id="text"),
        pytest.param({"label": "a poll"}, "[a poll]", id="placeholder"),
        pytest.param({"text": "look", "attachments": [{"kind": "image"}]}, "look [image]", id="caption"),
        pytest.param(
            {
                "attachments": [
                    {"kind": "file", "name": "a.pdf"},
                    {"kind": "audio", "title": "b"},
                ]
            },
            "[file a.pdf] [audio b]",
            id="attachments",
        ),
        pytest.param(
            {
                "attachments": [
                    {"kind": "image", "media": {"id": 7, "state": "stored", "reason": None}},
                    {"kind": "voice", "media": {"id": 8, "state": "pending", "reason": {"sentence": "Nobody there."}}},
                    {
                        "kind": "file",
                        "name": "a.pdf",
                        "media": {"id": 9, "state": "failed", "reason": {"sentence": "It is gone."}},
                    },
                ]
            },
            "[image, file 7] [voice, file 8 on its way] [file a.pdf, file 9: It is gone.]",
            id="files",
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
        pytest.param(
            {"attachments": [{"kind": "poll", "title": "When?", "description": "now\nlater"}]},
            "[poll When? now later]",
            id="a poll",
        ),
        pytest.param(
            {"text": "look", "forwarded_from": "Bo", "quote": "this part"},
            "[forwarded from Bo] [about: this part] look",
            id="forwarded and quoted",
        ),
        pytest.param(
            {
                "text": "our shop",
                "formatting": [{"style": "bold", "target": ""}, {"style": "link", "target": "http://x"}],
            },
            "our shop [link: http://x]",
            id="a link that leads elsewhere",
        ),
        pytest.param(
            {"text": "hi", "referral": {"source": "ADS", "ref": "", "title": "Lamps"}},
            "hi [came by ADS Lamps]",
            id="an ad",
        ),
        pytest.param({"text": "oops", "deleted_at": "2026-11-23T07:00:00.000Z"}, "oops [taken back]", id="taken back"),
    ],
)
def test_everything_that_was_said_is_in_the_cell(message: dict[str, Any], cell: str) -> None:
    bare: dict[str, Any] = {
        **dict.fromkeys(("text", "label", "forwarded_from", "quote"), ""),
        **dict.fromkeys(("attachments", "formatting", "earlier", "reactions"), ()),
        **dict.fromkeys(("referral", "deleted_at")),
    }
    whole = bare | message
    whole["attachments"] = [
        {"name": "", "title": "", "description": "", "media": None} | each for each in whole["attachments"]
    ]
    assert what_of(whole) == cell
