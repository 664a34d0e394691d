"""Access tokens: whose they are, how long they live, how they die. No HTTP.

A page token is made from a token of a person: from a long-lived one it never expires, from a short-lived one in an hour
(https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived). It dies with the person's
session, and when the person loses the role on the page.
"""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from shared.clock import Clock
from tests.simulators.graph import errors
from tests.simulators.graph.admins import Admin
from tests.simulators.graph.app import App
from tests.simulators.graph.errors import GraphError

SHORT_LIFE_S = 90 * 60
LONG_LIFE_S = 60 * 24 * 3600
SHORT_PAGE_LIFE_S = 3600
DATA_ACCESS_S = 90 * 24 * 3600
NEVER = 0.0


class Kind(StrEnum):
    """What a token stands for, in the words of `debug_token`."""

    APP = "APP"
    USER = "USER"
    SYSTEM_USER = "SYSTEM_USER"
    PAGE = "PAGE"


@dataclass(slots=True, eq=False)
class Token:
    """One token."""

    value: str = field(repr=False)
    kind: Kind
    issued_at: float
    admin: Admin | None = None
    """Whose session it is; None for the app's own token, and for a page token of the dashboard's."""
    page_id: str = ""
    expires_at: float = NEVER
    long_lived: bool = True
    death: GraphError | None = None
    """Why it is refused for good."""

    @property
    def data_access_expires_at(self) -> float:
        """When the app should ask the person again; has no effect on calls here."""
        return self.issued_at + DATA_ACCESS_S if self.admin else NEVER

    def refusal(self, now: float) -> GraphError | None:
        """Return why a call with it fails at a moment; None while it is good."""
        if self.death is not None:
            return self.death
        if self.admin is not None and self.admin.checkpoint:
            return errors.dead_token(459)
        if self.expires_at != NEVER and now >= self.expires_at:
            return errors.dead_token(463)
        if self.page_id and self.admin is not None and self.page_id not in self.admin.roles:
            return errors.dead_token(492)
        return None


class Tokens:
    """Every token that was ever issued."""

    def __init__(self, app: App, *, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._tokens: dict[str, Token] = {}

    def issue_page(self, page_id: str, value: str = "") -> Token:
        """Issue a token that never expires and belongs to nobody, as the dashboard does."""
        return self._keep(Token(value or _new_value(), Kind.PAGE, self._clock(), page_id=page_id))

    def issue_user(self, admin: Admin, *, long_lived: bool, life_s: float = 0, system_user: bool = False) -> Token:
        """Issue a token of a person; without `life_s` it lives as long as Meta's do."""
        now = self._clock()
        life_s = life_s or (LONG_LIFE_S if long_lived else SHORT_LIFE_S)
        kind = Kind.SYSTEM_USER if system_user else Kind.USER
        expires_at = NEVER if system_user else now + life_s
        return self._keep(
            Token(_new_value(), kind, now, admin, expires_at=expires_at, long_lived=long_lived or system_user)
        )

    def page_token(self, user: Token, page_id: str) -> Token:
        """Return the person's token for a page: the same one as long as it is good, derived from their own."""
        now = self._clock()
        for token in self._tokens.values():
            same = (token.admin, token.page_id, token.long_lived) == (user.admin, page_id, user.long_lived)
            if same and token.refusal(now) is None:
                return token
        expires_at = NEVER if user.long_lived else now + SHORT_PAGE_LIFE_S
        return self._keep(
            Token(_new_value(), Kind.PAGE, now, user.admin, page_id, expires_at, long_lived=user.long_lived)
        )

    def values(self) -> Sequence[str]:
        """Return every token that was ever issued."""
        return list(self._tokens)

    def kill(self, value: str, subcode: int | None) -> None:
        """Let a token be refused from now on. Raises KeyError for one that was never issued."""
        if value not in self._tokens:
            raise KeyError("this token was never issued")
        self._tokens[value].death = errors.dead_token(subcode)

    def kill_of(self, admin: Admin, subcode: int | None) -> None:
        """Kill every living token that goes back to a person."""
        self._kill_where(errors.dead_token(subcode), admin)

    def kill_all(self, subcode: int | None) -> None:
        """Kill every living token: the app's secret was reset."""
        self._kill_where(errors.dead_token(subcode), None)

    def find(self, value: str) -> Token | None:
        """Return a token, dead or alive; None for one that was never issued."""
        if hmac.compare_digest(value.encode(errors="replace"), self._app.token.encode()):
            return Token(value, Kind.APP, NEVER)
        return self._tokens.get(value)

    def living(self, value: str) -> Token:
        """Return a token that is good. Raises GraphError 190."""
        token = self.find(value)
        if token is None:
            raise errors.wrong_app_token() if "|" in value else errors.unknown_token()
        refusal = token.refusal(self._clock())
        if refusal is not None:
            raise refusal
        return token

    def of_page(self, page_id: str) -> list[str]:
        """Return the values of all tokens of a page, dead ones too."""
        return [token.value for token in self._tokens.values() if token.page_id == page_id]

    def _kill_where(self, death: GraphError, admin: Admin | None) -> None:
        for token in self._tokens.values():
            if token.death is None and (admin is None or token.admin is admin):
                token.death = death

    def _keep(self, token: Token) -> Token:
        self._tokens[token.value] = token
        return token


def _new_value() -> str:
    return "EAA" + secrets.token_hex(48)
