"""Puts the edges of the Graph API together. Decides nothing."""

from collections.abc import Callable

from shared.clock import Clock
from tests.simulators.graph.accounts import Accounts
from tests.simulators.graph.admins import Admin
from tests.simulators.graph.api import GraphApi
from tests.simulators.graph.app import App
from tests.simulators.graph.app_subscriptions import AppSubscriptions, Verify
from tests.simulators.graph.conversations import Conversations
from tests.simulators.graph.login import CodeExchange, LoginDialog
from tests.simulators.graph.nodes import Nodes
from tests.simulators.graph.objects import Objects
from tests.simulators.graph.send import SendApi
from tests.simulators.graph.subscriptions import Subscriptions
from tests.simulators.graph.tokens import Tokens
from tests.simulators.graph.world import World


class Service:
    """Everything that answers."""

    def __init__(
        self,
        app: App,
        world: World,
        tokens: Tokens,
        *,
        verify: Verify,
        on_removed: Callable[[Admin], None],
        clock: Clock,
    ) -> None:
        self.login = LoginDialog(app, world)
        self.exchange = CodeExchange(app, tokens, self.login.codes)
        self.subscriptions = Subscriptions(app)
        self.conversations = Conversations(world)
        edges = (
            SendApi(world, app_id=app.id).edges()
            | self.subscriptions.edges()
            | self.conversations.edges()
            | Accounts(world, tokens, on_removed=on_removed).edges()
            | AppSubscriptions(verify).edges()
            | Nodes(tokens).edges()
        )
        self.api = GraphApi(
            app,
            tokens,
            Objects(app, world),
            edges,
            dialog=self.login,
            exchange=self.exchange,
            clock=clock,
        )
        self.inspection = self.api.inspection
