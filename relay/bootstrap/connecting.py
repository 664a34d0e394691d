"""What a web process needs so that people can connect pages in their browsers."""

import secrets
import time

from aiohttp import ClientSession

from relay.adapters.graph_client import GraphClient
from relay.adapters.graph_login import GraphLogin
from relay.adapters.redis_bindings import RedisBindings
from relay.adapters.redis_connect_sessions import RedisConnectSessions
from relay.bootstrap.parts import Store, vault_of
from relay.core.settings import RelaySettings
from relay.engine.connect_sessions import ConnectSessions
from relay.engine.connecting import Connecting
from relay.engine.facebook_login import FacebookLogin
from relay.engine.page_connection import PageConnection


def connecting_of(
    settings: RelaySettings, store: Store, graph: GraphClient, http: ClientSession, pages: PageConnection
) -> Connecting:
    """Make the use cases behind a link."""
    kept = RedisConnectSessions(store.redis, vault_of(settings))
    app, secret = settings.login_app, settings.facebook_app_secret
    return Connecting(
        app,
        ConnectSessions(kept, clock=time.time, random=secrets.token_bytes),
        FacebookLogin(GraphLogin(http, graph, app, app_secret=secret, base_url=settings.graph_url)),
        pages,
        find_site=store.sites.get,
        owners=RedisBindings(store.redis).owners,
    )
