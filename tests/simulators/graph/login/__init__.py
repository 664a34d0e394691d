"""Facebook Login: the dialog in the browser, and what a server does with the code that comes out of it.

request        the dialog's parameters and what Meta shows when they are wrong, pure
pages          the dialog as HTML, pure
dialog         the dialog: who is signed in, what they tick, where they go
exchange       `/oauth/access_token`
"""

from tests.simulators.graph.login.dialog import LoginDialog
from tests.simulators.graph.login.exchange import CodeExchange

__all__ = ["CodeExchange", "LoginDialog"]
