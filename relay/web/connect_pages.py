"""What a person sees who connects pages: HTML without a script, from the templates beside this file.

The rule: whatever a page shows is escaped by the template engine, and no page may load, send or be framed anything but
our own. No page is kept by a cache, and none tells another site where it was left for.
"""

from importlib import resources

import jinja2
from aiohttp import web

from relay.core.connecting.refusals import ConnectRefused
from relay.engine.connecting import CONNECT_PATH, Choice, Outcome, Welcome

STYLE_PATH = f"{CONNECT_PATH}/style.css"

_POLICY = "default-src 'none'; style-src 'self'; form-action {forms}; base-uri 'none'; frame-ancestors 'none'"

HEADERS = {
    "Content-Security-Policy": _POLICY.format(forms="'self'"),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}
STYLE_HEADERS = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}

_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("relay.web"), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
)
_style = resources.files("relay.web").joinpath("templates", "style.css")


def style() -> web.Response:
    """Answer with the style sheet."""
    return web.Response(body=_style.read_bytes(), content_type="text/css", charset="utf-8", headers=STYLE_HEADERS)


def welcome_page(welcome: Welcome) -> web.Response:
    """Say what the link is for. Browsers ask the policy also where a form's answer leads: there, to Facebook."""
    page = _page("welcome.html", welcome=welcome)
    page.headers["Content-Security-Policy"] = _POLICY.format(forms=f"'self' {welcome.dialog_sources}")
    return page


def choice_page(choice: Choice, *, action: str, form_token: str, again: str) -> web.Response:
    """Ask which pages."""
    open_pages = [page for page in choice.pages if page.id not in choice.taken and not page.lacks]
    ticked = set(choice.connected) if len(open_pages) > 1 else {page.id for page in open_pages}
    return _page(
        "choose.html", choice=choice, open_pages=open_pages, ticked=ticked, action=action, token=form_token, again=again
    )


def outcome_page(outcome: Outcome) -> web.Response:
    """Say what came of each page."""
    return _page("outcome.html", outcome=outcome)


def refusal_page(refused: ConnectRefused, *, again: str) -> web.Response:
    """Say why it does not go on; `again` is where it can be tried once more, empty where it cannot."""
    words = refused.reason.words
    return _page("refusal.html", status=words.status, words=words, details=refused.details, again=again)


def _page(template: str, *, status: int = 200, **values: object) -> web.Response:
    text = _templates.get_template(template).render(style=STYLE_PATH, **values)
    return web.Response(status=status, text=text, content_type="text/html", headers=HEADERS)
