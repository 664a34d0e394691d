"""Authorization codes: good once, for a short while, for one address to come back to. No HTTP."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.simulators.graph.admins import Admin
from tests.simulators.graph.errors import GraphError

CODE_LIFE_S = 10 * 60
"""Meta calls codes short-lived and gives no figure; this is RFC 6749's most (section 4.1.2)."""


@dataclass(slots=True, eq=False)
class Code:
    """One code."""

    value: str = field(repr=False)
    admin: Admin
    redirect_uri: str
    issued_at: float
    system_user: bool
    used: bool = False


class Codes:
    """Every code that was ever issued."""

    def __init__(self) -> None:
        self.life_s = CODE_LIFE_S
        self._codes: dict[str, Code] = {}

    def issue(self, admin: Admin, redirect_uri: str, now: float, *, system_user: bool) -> str:
        """Make a code for a person who agreed."""
        value = "AQ" + secrets.token_urlsafe(120)
        self._codes[value] = Code(value, admin, redirect_uri, now, system_user)
        return value

    def values(self) -> Sequence[str]:
        """Return every code that was ever issued."""
        return list(self._codes)

    def redeem(self, value: str, redirect_uri: str, now: float) -> Code:
        """Use a code up. A wrong address does not use it up. Raises GraphError 100."""
        code = self._codes.get(value)
        if code is None:
            raise GraphError("Invalid verification code format.", code=100, subcode=36009)
        if code.redirect_uri != redirect_uri:
            raise GraphError(
                "Error validating verification code. Please make sure your redirect_uri is identical to the one you"
                " used in the OAuth dialog request",
                code=100,
                subcode=36008,
            )
        if code.used:
            raise GraphError("This authorization code has been used.", code=100, subcode=36009)
        if now - code.issued_at > self.life_s:
            raise GraphError("This authorization code has expired.", code=100, subcode=36007)
        code.used = True
        return code
