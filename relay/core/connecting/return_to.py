"""Where a person may be sent back to when pages are connected: to the site itself, and nowhere else. Values only.

The rule: the address is put together from the site's registered one. What a caller names is only what follows it, so
that no way of writing can lead anywhere else.
"""

import re

from shared.errors import UserError

MAX_CHARS = 500
_PATH = re.compile(r"/(?![/\\])[!-~]*|")
_UNSAFE = re.compile(r"[\\\"'<>`{}|^]")


def check_return_to(return_to: str, *, site_url: str) -> str:
    """Return the whole address for a path at the site, or for an address of the site; empty for empty.

    `site_url` is the registered address, without a path. Raises UserError for anything else.
    """
    if not return_to:
        return ""
    path = return_to.removeprefix(site_url) if return_to.startswith(site_url) else return_to
    if len(return_to) > MAX_CHARS or not _PATH.fullmatch(path) or _UNSAFE.search(path):
        raise UserError(
            f"return_to must be a path such as /channels, or an address that begins with {site_url}/, of at most"
            f" {MAX_CHARS} characters: nobody is sent anywhere but to the site"
        )
    return site_url + (path or "/")
