"""The command offers what the use case knows, no more and no less."""

from onsite.cli.settle import Seen
from onsite.engine.replies import SettleAs


def test_both_know_the_same_answers() -> None:
    assert {str(each) for each in Seen} == {str(each) for each in SettleAs}
