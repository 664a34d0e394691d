"""Which presses of buttons are to be answered."""

import pytest

from onsite.core.telegram.callbacks import callback_ids


@pytest.mark.parametrize(
    ("update", "ids"),
    [
        pytest.param(b'{"update_id": 1, "callback_query": {"id": "4382", "from": {}}}', ["4382"], id="a press"),
        pytest.param(b'{"update_id": 1, "callback_query": {"id": 4382}}', ["4382"], id="an id as a number"),
        pytest.param(b'{"update_id": 1, "callback_query": {}}', [], id="no id"),
        pytest.param(b'{"update_id": 1, "callback_query": "4382"}', [], id="no object"),
        pytest.param(b'{"update_id": 1, "message": {"text": "callback_query"}}', [], id="a message of that word"),
        pytest.param(b'{"callback_query": ', [], id="half an update"),
    ],
)
def test_a_press_is_answered_by_its_id(update: bytes, ids: list[str]) -> None:
    assert list(callback_ids([update])) == ids
