"""Pages that people see: HTML without a script, from the templates beside this file, all in one style.

What they say is not here. The rule: whatever a page shows is escaped by the template engine, and no page may load or
send anything but our own, or be framed. No page is kept by a cache or listed by a search engine, and none tells another
site where it was left for.
"""

from importlib import resources

import jinja2
from aiohttp import web

from relay.engine.connecting import CONNECT_PATH

STYLE_PATH = f"{CONNECT_PATH}/style.css"

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""Of whatever a browser is answered. A page adds to the policy what it needs."""
STYLE_HEADERS = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}

_POLICY = "default-src 'none'; style-src 'self'; form-action {forms}; base-uri 'none'; frame-ancestors 'none'"
_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("relay.web"), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
)
_style = resources.files("relay.web").joinpath("templates", "style.css")


def style() -> web.Response:
    """Answer with the style sheet."""
    return web.Response(body=_style.read_bytes(), content_type="text/css", charset="utf-8", headers=STYLE_HEADERS)


def html_page(template: str, *, status: int = 200, forms: str = "'none'", **values: object) -> web.Response:
    """Answer with a page. `forms` says where its forms, and what answers them, may lead: sources of a policy."""
    text = _templates.get_template(template).render(style=STYLE_PATH, **values)
    headers = HEADERS | {"Content-Security-Policy": _POLICY.format(forms=forms)}
    return web.Response(status=status, text=text, content_type="text/html", headers=headers)
