"""What happens to people and to the app, of which Meta tells nobody: tokens die. Each way has its own subcode.

Only the removal of the app is told, by the deauthorize callback, where one is set up.
"""

from collections.abc import Awaitable, Callable

from tests.simulators.graph.admins import Admin
from tests.simulators.graph.app import App
from tests.simulators.graph.http_sender import DeliveryResult
from tests.simulators.graph.tokens import Tokens
from tests.simulators.graph.world import World

APP_REMOVED, PASSWORD_CHANGED, LOGGED_OUT = 458, 460, 467


class Fate:
    """Strikes the people of a world."""

    def __init__(
        self, app: App, world: World, tokens: Tokens, deauthorize: Callable[[str], Awaitable[DeliveryResult]]
    ) -> None:
        self._app = app
        self._world = world
        self._tokens = tokens
        self._deauthorize = deauthorize

    def changes_password(self, user_id: str) -> None:
        """Kill every token of a person, those of their pages too: 460."""
        self._tokens.kill_of(self._admin(user_id), PASSWORD_CHANGED)

    def logs_out(self, user_id: str) -> None:
        """Revoke every token of a person: 467."""
        self._tokens.kill_of(self._admin(user_id), LOGGED_OUT)

    def meets_checkpoint(self, user_id: str) -> None:
        """Let Facebook want to see a person first: 459 until `passes_checkpoint`, then the same tokens work again."""
        self._admin(user_id).checkpoint = True

    def passes_checkpoint(self, user_id: str) -> None:
        """End that."""
        self._admin(user_id).checkpoint = False

    def loses_role(self, user_id: str, page_id: str) -> None:
        """Take a page from a person: their tokens for it answer 492, new ones are not to be had."""
        del self._admin(user_id).roles[page_id]

    async def removes_app(self, user_id: str) -> DeliveryResult | None:
        """Let a person remove the app: 458, no permissions; returns how the callback went, where there is one."""
        self.forget(self._admin(user_id))
        return await self._deauthorize(user_id) if self._app.deauthorize_url else None

    def forget(self, admin: Admin) -> None:
        """Kill tokens and permissions of a person who removed the app, without telling."""
        self._tokens.kill_of(admin, APP_REMOVED)
        admin.withdraw()

    def resets_secret(self, secret: str, *, subcode: int | None = None) -> None:
        """Give the app another secret: it signs with that from now on, and every token so far is refused."""
        self._app.secret = secret
        self._tokens.kill_all(subcode)

    def _admin(self, user_id: str) -> Admin:
        if user_id not in self._world.admins:
            raise LookupError(f"there is no admin {user_id}: add_admin first")
        return self._world.admins[user_id]
