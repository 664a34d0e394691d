"""An event's name tells its fate, to the plan and to the light site alike."""

import pytest

from tests.faults.fates import Fate, fate_of, marked


@pytest.mark.parametrize("fate", Fate)
def test_what_is_marked_is_read_again(fate: Fate) -> None:
    assert fate_of(marked("m_7.c3.12", fate)) is fate


def test_a_name_without_a_mark_is_taken() -> None:
    assert fate_of("m_7.c3.12") is Fate.TAKEN
    assert marked("m_7.c3.12", Fate.TAKEN) == "m_7.c3.12"
