"""What a web process needs to answer sites, and to try them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from relay.adapters.push_sessions import PushSessions
from relay.adapters.push_trial import PushTrial
from relay.adapters.redis_bindings import RedisBindings
from relay.adapters.redis_ready import RedisAnnouncements
from relay.adapters.redis_secret_uses import RedisSecretUses
from relay.adapters.redis_status import RedisStatus
from relay.bootstrap.parts import Store, admin_token_of
from relay.core.limits import Part
from relay.core.settings import RelaySettings
from relay.core.trial import TRIAL_LIMIT_S
from relay.engine.announcing import Announcing
from relay.engine.connecting import Connecting
from relay.engine.lane import Lane
from relay.engine.page_connection import PageConnection
from relay.engine.site_callers import SiteCallers
from relay.engine.site_pages import SitePages
from relay.engine.site_trials import SiteTrials
from relay.web.app import Routes
from relay.web.given_back import GivenBackRoutes
from relay.web.invitations import InvitationRoutes
from relay.web.sites import SiteRoutes
from relay.web.trials import TrialRoutes


@asynccontextmanager
async def site_calls(
    settings: RelaySettings, store: Store, lane: Lane, connecting: Connecting, connection: PageConnection
) -> AsyncIterator[Sequence[Routes]]:
    """Make the routes that sites call; trials under way need what is closed on leaving."""
    callers, token = SiteCallers(store.sites, RedisSecretUses(store.redis)), admin_token_of(settings)
    status = RedisStatus(store.redis, store.limits[Part.WAITING])
    announcing = Announcing(RedisAnnouncements(store.redis), lane)
    pages = SitePages(RedisBindings(store.redis))
    async with PushSessions(answer_timeout_s=TRIAL_LIMIT_S, kept_sites=0) as sessions:
        trials = SiteTrials(store.sites.get, PushTrial(sessions))
        yield (
            SiteRoutes(callers, announcing, pages, outboxes=status.outboxes),
            TrialRoutes(trials, callers, admin_token=token),
            InvitationRoutes(connecting, callers, admin_token=token),
            GivenBackRoutes(connection, callers),
        )
