"""Who calls for a site: whether a bearer token is one that a secret of the site gives. Not what the caller may ask.

Anybody may call, in any number, with any name. So that neither costs Redis much nor tells which names exist:
- A token that fitted is believed for KEPT_S without a look. Whatever else comes ends in a look at the site's record,
  be the name unknown or the token wrong, and so a secret that has just been rotated is known as well.
- While a site's secret rotates it is believed for KEPT_ROTATING_S only, and noted with which of the secrets it calls.
- Looks are made together, one round trip at a time, with a pause between them: a flood makes them larger, not more.
"""

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from relay.core.allowance import Allowances
from relay.core.site import Site
from shared.clock import Clock
from shared.logs import get_logger
from shared.names import is_site_name
from shared.site_secret import api_token

log = get_logger(__name__)

KEPT_S = 30.0
"""How long a token that fitted is believed: one whose secret was taken away is refused within this time."""
KEPT_ROTATING_S = 5.0
"""The same while a site has two: the old one is refused this soon after the rotation ended."""
PAUSE_S = 0.02
"""Between two looks: at most fifty a second in each process, however many ask."""
AT_ONCE = 500
"""Names in one look."""
COMPLAIN_EVERY_S = 60.0


class SiteFinder(Protocol):
    """Where sites are kept."""

    async def find(self, names: Sequence[str]) -> Mapping[str, Site]:
        """Return those of `names` that are there and can be read, in one round trip. Raises StoreUnavailable."""


class UseNotes(Protocol):
    """Where it is noted with which secret a site calls."""

    async def note(self, site: str, token: bytes) -> None:
        """Note that a site called with this token, which is one of its own. Raises StoreUnavailable."""


@dataclass(slots=True)
class _Known:
    tokens: Sequence[bytes]
    until: float
    noted: bytes = b""
    """The token that was noted last, or none."""


class SiteCallers:
    """Admits callers. One instance for each event loop."""

    def __init__(
        self,
        sites: SiteFinder,
        uses: UseNotes,
        *,
        clock: Clock = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`clock` may start anywhere: only what passes on it counts."""
        self._sites = sites
        self._uses = uses
        self._clock = clock
        self._sleep = sleep
        self._known: dict[str, _Known] = {}
        self._asked: dict[str, asyncio.Future[Sequence[bytes]]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._next_look_at = 0.0
        self._complaints = Allowances(burst=1, every_s=COMPLAIN_EVERY_S, clock=clock)

    async def admits(self, site: str, token: bytes) -> bool:
        """Whether `token` speaks for `site`, by any of its secrets. Raises StoreUnavailable."""
        known = self._known.get(site)
        if known is not None and self._clock() < known.until and _fits(token, known.tokens):
            await self._note(site, token, known)
            return True
        tokens = await self._look_up(site) if is_site_name(site) else ()
        if _fits(token, tokens):
            kept_s = KEPT_ROTATING_S if _rotates(tokens) else KEPT_S
            known = self._known[site] = _Known(tokens, self._clock() + kept_s)
            await self._note(site, token, known)
            return True
        if tokens and not self._complaints.take(site):
            log.warning("site_token_refused", site=site, advice="is the secret at the site the one of this site here?")
        return False

    async def _note(self, site: str, token: bytes, known: _Known) -> None:
        """Note which of several tokens is used; once for each look, and when it is another than before."""
        if _rotates(known.tokens) and token != known.noted:
            known.noted = token
            await self._uses.note(site, token)

    def _look_up(self, site: str) -> Awaitable[Sequence[bytes]]:
        """Return the tokens that speak for a site, none for one that is not there."""
        if site not in self._asked:
            self._asked[site] = asyncio.get_running_loop().create_future()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="look up sites")
        return asyncio.shield(self._asked[site])  # one caller who hangs up must not end it for the others

    async def _look(self) -> None:
        while self._asked:
            pause_s = self._next_look_at - self._clock()
            if pause_s > 0:
                await self._sleep(pause_s)
            asked = {name: self._asked.pop(name) for name in list(islice(self._asked, AT_ONCE))}
            self._next_look_at = self._clock() + PAUSE_S
            try:
                found = await self._sites.find(list(asked))
                tokens = {name: _tokens_of(site) for name, site in found.items()}
            except Exception as error:  # noqa: BLE001  whatever it was, each caller must learn of it
                for future in asked.values():
                    future.set_exception(error)
            else:
                for name, future in asked.items():
                    future.set_result(tokens.get(name, ()))


def _tokens_of(site: Site) -> Sequence[bytes]:
    return [api_token(secret).get_secret_value().encode() for secret in site.secrets]


def _rotates(tokens: Sequence[bytes]) -> bool:
    return len(tokens) > 1


def _fits(token: bytes, tokens: Sequence[bytes]) -> bool:
    """Compare with every one, so that time tells nothing of which of them fitted."""
    return any([hmac.compare_digest(token, each) for each in tokens])  # noqa: C419  a generator would stop at the first
