"""How a backfill is said in one sentence, in `onsite status`."""

from typing import Any

import pytest

from onsite.cli.backfill import backfill_sentence

NAME = "Backfill 3 of page 1122, 2026-11-22T10:00:00.000Z to 2026-11-22T11:00:00.000Z: "
BEYOND = (
    " Facebook shows only the 20 newest of a thread, and none that was taken back: look for them in the page's own"
    " inbox."
)
DONE: dict[str, Any] = {
    "id": 3,
    "page_id": "1122",
    "since": "2026-11-22T10:00:00.000Z",
    "until": "2026-11-22T11:00:00.000Z",
    "state": "done",
    "sentence": "",
    "not_before": None,
    "threads": 4,
    "read": 4,
    "found": 7,
    "missing": 0,
    "threads_beyond_reach": 0,
}
WAITING = DONE | {"state": "waiting", "read": 1}
PAUSE = {"sentence": "Facebook asks for a pause.", "not_before": "2026-11-22T11:19:00.000Z"}
LOST = {"missing": 5, "threads_beyond_reach": 1}


@pytest.mark.parametrize(
    ("backfill", "words"),
    [
        pytest.param(DONE, "done; 7 messages found.", id="found everything"),
        pytest.param(DONE | {"found": 1}, "done; 1 message found.", id="found one"),
        pytest.param(
            DONE | LOST,
            f"done; 7 messages found. Beyond reach, at least: 5 messages in 1 thread.{BEYOND}",
            id="some are beyond reach",
        ),
        pytest.param(WAITING, "waiting; 1 of 4 threads read.", id="under way"),
        pytest.param(
            WAITING | PAUSE,
            "waiting; 1 of 4 threads read. Facebook asks for a pause. Not before 2026-11-22T11:19:00.000Z.",
            id="paused",
        ),
        pytest.param(
            WAITING | {"not_before": PAUSE["not_before"]},
            "waiting; 1 of 4 threads read.",
            id="a pause that is over",
        ),
        pytest.param(
            WAITING | {"state": "stopped", "sentence": "The token is dead."} | LOST,
            "stopped; 1 of 4 threads read. The token is dead. Beyond reach, at least: 5 messages in 1 thread." + BEYOND,
            id="stopped with something beyond reach",
        ),
    ],
)
def test_a_backfill_is_said_in_words(backfill: dict[str, Any], words: str) -> None:
    assert backfill_sentence(backfill) == NAME + words
