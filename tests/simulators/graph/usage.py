"""How much of its limits the app has used, as headers tell it. The test says how much; at 100 percent no call passes.

https://developers.facebook.com/docs/graph-api/overview/rate-limiting: `X-App-Usage` goes with tokens of the app and of
people, `X-Business-Use-Case-Usage` with those of pages; neither is there before there was some traffic.
"""

import json

from tests.simulators.graph import errors
from tests.simulators.graph.tokens import Token

FULL = 100


class Usage:
    """Counts of one app, in percent."""

    def __init__(self) -> None:
        self._app: int | None = None
        self._pages: dict[str, tuple[int, str, int]] = {}

    def set_app(self, percent: int | None) -> None:
        """Let the app have used so much; None: no header."""
        self._app = percent

    def set_page(self, page_id: str, percent: int | None, *, kind: str = "messenger", regain_min: int = 0) -> None:
        """Let the calls for a page have used so much; `regain_min` are the minutes until calls work again."""
        self._pages.pop(page_id, None)
        if percent is not None:
            self._pages[page_id] = (percent, kind, regain_min)

    def check(self, caller: Token) -> None:
        """Let a call pass while there is something left. Raises GraphError 4, 80006."""
        percent, _, _ = self._pages.get(caller.page_id, (0, "", 0))
        if percent >= FULL:
            raise errors.page_throttled()
        if not caller.page_id and (self._app or 0) >= FULL:
            raise errors.app_throttled()

    def headers(self, caller: Token) -> dict[str, str]:
        """Write what a call with this token is told."""
        told: dict[str, str] = {}
        if self._app is not None:
            told["X-App-Usage"] = _json(_counts(self._app))
        if caller.page_id in self._pages:
            percent, kind, regain_min = self._pages[caller.page_id]
            one = {"type": kind, **_counts(percent), "estimated_time_to_regain_access": regain_min}
            told["X-Business-Use-Case-Usage"] = _json({caller.page_id: [one]})
        return told


def _counts(percent: int) -> dict[str, int]:
    return {"call_count": percent, "total_cputime": percent, "total_time": percent}


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
