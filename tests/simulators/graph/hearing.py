"""Whether the app hears of an event: its field must be subscribed at the app's level and at the page's. Pure."""

from tests.simulators.graph.app import App
from tests.simulators.graph.world import Page


def deaf_level(app: App, page: Page, field: str) -> str:
    """Name the level at which a field is not subscribed; empty where it is at both."""
    if field not in (page.subscribed_fields or ()):
        return f"page {page.id}"
    return "" if app.hears(field) else "the app"
