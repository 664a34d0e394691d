"""The page on which a person sees that their data are deleted: HTML without a script, readable on a phone.

The rule: it shows a time and nothing that came with the request, so there is nothing to escape; it may load, send and
be framed by nothing; no cache keeps it, and no search engine lists it.
"""

import base64
import hashlib
from datetime import UTC, datetime
from string import Template

from aiohttp import web

from relay.core.deletion import Receipt

_STYLE = """
:root { color-scheme: light dark; font: 1.05rem/1.6 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 38rem; padding: 2rem 1.25rem; }
h1 { font-size: 1.5rem; line-height: 1.3; }
"""
_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
<h1>$title</h1>
$text
</main>
</body>
</html>
""")
_COMPLETED = Template("""<p role="status">This was done on <time datetime="$machine">$human</time>.</p>
<p>Deleted is what this service held about you: which Facebook Pages you connected, and the access that you had given it
to them. These Pages are disconnected.</p>
<p>Conversations between a Page and its customers are not kept by this service. They are kept by the business that runs
the Page; ask that business if you want those deleted, too.</p>""")
_UNKNOWN = """<p role="status">There is no deletion with this code, or it was done more than 90 days ago.</p>
<p>Check that the address is complete. You can ask for the deletion once more at Facebook: under <em>Settings</em>, then
<em>Apps and websites</em>.</p>"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'none';"
    " base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}


def completed_page(receipt: Receipt) -> web.Response:
    """Say that it is done."""
    at = datetime.fromtimestamp(receipt.completed_at_ms / 1000, UTC)
    text = _COMPLETED.substitute(machine=at.isoformat(timespec="seconds"), human=f"{at:%d %B %Y, %H:%M} UTC")
    return _page(200, "Your data have been deleted", text)


def unknown_page() -> web.Response:
    """Say that there is no such code."""
    return _page(404, "No such deletion", _UNKNOWN)


def _page(status: int, title: str, text: str) -> web.Response:
    html = _PAGE.substitute(title=title, text=text, style=_STYLE)
    return web.Response(status=status, text=html, content_type="text/html", headers=HEADERS)
