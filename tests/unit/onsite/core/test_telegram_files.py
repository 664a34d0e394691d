"""Where a bot's file is fetched, and what Telegram's refusals mean for a fetch."""

import json

import pytest
from pydantic import SecretStr

from onsite.core.errors import TelegramError, TelegramTrouble
from onsite.core.media.troubles import MediaTrouble
from onsite.core.telegram.files import decode_file_path, failure_of, file_url, get_file_body

TOKEN = SecretStr("123456789:AAH4f-_abcdefghijklmnopqrstuvwxyz01")
T = TelegramTrouble


def test_a_file_is_asked_for_by_its_handle() -> None:
    assert json.loads(get_file_body("AwACAgQ")) == {"file_id": "AwACAgQ"}


def test_a_file_lies_below_the_bots_own_address() -> None:
    path = decode_file_path(b'{"file_id": "x", "file_path": "voice/file 1.oga"}')

    expected = f"https://api.telegram.org/file/bot{TOKEN.get_secret_value()}/voice/file%201.oga"
    assert file_url("https://api.telegram.org/", TOKEN, path) == expected


@pytest.mark.parametrize("path", ["", "/var/lib/bot/file", "../file", "a/../../b", "C:\\files\\x", None, {}])
def test_a_path_that_leads_elsewhere_is_refused(path: object) -> None:
    with pytest.raises(TelegramError, match="no path"):
        decode_file_path(json.dumps({"file_path": path}).encode())


@pytest.mark.parametrize(
    ("trouble", "description", "expected"),
    [
        pytest.param(T.TOKEN, "Unauthorized", MediaTrouble.NO_TOKEN, id="a dead token"),
        pytest.param(T.THROTTLED, "Too Many Requests", MediaTrouble.THROTTLED, id="a pause"),
        pytest.param(T.REFUSED, "Bad Request: file is too big", MediaTrouble.TOO_LARGE, id="too big for bots"),
        pytest.param(T.REFUSED, "Bad Request: invalid file_id", MediaTrouble.GONE, id="an unknown handle"),
        pytest.param(
            T.REFUSED,
            "Bad Request: wrong file_id or the file is temporarily unavailable",
            MediaTrouble.UNREACHABLE,
            id="perhaps for now",
        ),
        pytest.param(T.UNREACHABLE, "Telegram could not be reached", MediaTrouble.UNREACHABLE, id="nobody there"),
        pytest.param(T.UNCLEAR, "no answer in time", MediaTrouble.UNREACHABLE, id="no answer"),
        pytest.param(T.CONFLICT, "Conflict: terminated", MediaTrouble.UNREACHABLE, id="a conflict"),
    ],
)
def test_a_refusal_lasts_or_passes(trouble: TelegramTrouble, description: str, expected: MediaTrouble) -> None:
    failure = failure_of(TelegramError(trouble, description, retry_after_s=7.0))

    assert failure.trouble is expected
    assert (failure.retry_after_s == 7.0) == (trouble is T.THROTTLED)
