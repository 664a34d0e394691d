"""Which calls a named refusal meets: those for a page, those with a token, those of a kind. Pure."""

from collections.abc import Callable

from tests.simulators.faults import Match
from tests.simulators.graph.tokens import Tokens
from tests.simulators.ledger import Call


def refused_calls(tokens: Tokens, *, page_id: str, token: str, match: Match) -> Callable[[Call], bool]:
    """Return what tells whether a call is meant: everything that is given must fit."""

    def fits(call: Call) -> bool:
        if token and call.token != token:
            return False
        if page_id and call.token not in tokens.of_page(page_id) and page_id not in call.path.split("/"):
            return False
        return match(call) if callable(match) else match is None or match == call.name

    return fits
