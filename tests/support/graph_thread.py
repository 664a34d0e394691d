"""The simulated Facebook in a thread, for commands."""

from tests.simulators.graph import GraphSimulator
from tests.support import facebook
from tests.support.server_thread import ServerThread


class GraphThread(ServerThread[GraphSimulator]):
    """Runs a simulator while it is entered; what it holds is read and set through `sim`."""

    def __init__(self) -> None:
        self.sim = GraphSimulator(
            app_id=facebook.APP_ID, app_secret=facebook.APP_SECRET, verify_token=facebook.VERIFY_TOKEN
        )
        super().__init__("simulator", lambda: self.sim)
