"""What people have to allow the app, and what each permission is for, in their words.

https://developers.facebook.com/docs/permissions
"""

from collections.abc import Collection

from relay.core.graph_calls import read_graph
from shared.lenient import as_list, as_object, as_text

NEEDED = {
    "pages_show_list": "see which pages you run",
    "pages_messaging": "receive and answer your pages' messages",
    "pages_manage_metadata": "have Facebook send your pages' messages here",
    "pages_read_engagement": "read your pages' conversations",
}
"""Permission → what it is for, after "The app wants to …"."""
PORTFOLIOS = "business_management"
"""Without it, pages that are held through a business portfolio are missing; others can do without."""

SCOPES = (*NEEDED, PORTFOLIOS)
"""What the classic login asks for."""


def read_granted(status: int, body: bytes) -> frozenset[str]:
    """Read what was granted. Raises FacebookRefused."""
    told = [as_object(each) for each in as_list(read_graph(status, body).get("data"))]
    return frozenset(as_text(each.get("permission")) for each in told if each.get("status") == "granted")


def missing_in_words(granted: Collection[str]) -> tuple[str, ...]:
    """Name what is needed and was not granted."""
    return tuple(f"{name}: to {purpose}" for name, purpose in NEEDED.items() if name not in granted)
