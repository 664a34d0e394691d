"""Tries a site: one signed, empty push over a connection of its own. Never raises for what a site does.

By the way of every delivery (`adapters.push`, `adapters.push_sessions`), but for the connection: a kept one would show
how the site's name and certificate were a minute ago.
"""

import secrets
import time

import aiohttp

from relay.adapters.push import HEADERS, send
from relay.adapters.push_errors import Trouble, trouble_of
from relay.adapters.push_sessions import CONNECT_TIMEOUT_S, PushSessions
from relay.core.site import Site
from relay.core.trial import Trial, TrialCode, read_trial
from shared.clock import Clock
from shared.signing import sign
from shared.wire import encode_batch


class PushTrial:
    """Fits `engine.site_trials.Trying`."""

    def __init__(self, sessions: PushSessions, *, clock: Clock = time.time, monotonic: Clock = time.monotonic) -> None:
        """`sessions` keep no connection, and answer within `core.trial.TRIAL_LIMIT_S`."""
        self._sessions = sessions
        self._clock = clock
        self._monotonic = monotonic

    async def push(self, site: Site) -> Trial:
        """See `engine.site_trials.Trying.push`."""
        began = self._monotonic()
        code, words, status = await self._push(site)
        return Trial(site.events_url, code, words, status, round((self._monotonic() - began) * 1000))

    async def _push(self, site: Site) -> tuple[TrialCode, str, int | None]:
        body = encode_batch(site.name, [])
        message_id = f"trial_{secrets.token_hex(8)}"
        headers = sign(body, message_id=message_id, timestamp_s=int(self._clock()), secrets=site.secrets)
        try:
            async with self._sessions.reaching(site.name, site.permission.networks) as session:
                status, names, content = await send(session, site.events_url, body, HEADERS | headers)
        except TimeoutError as error:
            return *self._too_slow(error), None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return *trouble_of(site.name, error), None
        return *read_trial(status, names, content, now=self._clock()), status

    def _too_slow(self, error: TimeoutError) -> Trouble:
        """Tell what never let us in (a firewall that drops what comes) from what lets us in and says nothing."""
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return Trouble(TrialCode.TIMEOUT, f"no connection within {CONNECT_TIMEOUT_S:.0f} s")
        return Trouble(TrialCode.TIMEOUT, f"no answer within {self._sessions.answer_timeout_s:.0f} s")
