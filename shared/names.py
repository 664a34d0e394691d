"""Names that travel between the halves: a site's name and a page's id. Rules only, no look-ups."""

import re

_SITE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PAGE = re.compile(r"[0-9]{1,32}")

SITE_NAME_RULE = "1 to 63 characters of a-z, 0-9 and -, neither first nor last a -"


def is_site_name(text: str) -> bool:
    """Whether `text` can name a site. The rule is that of a DNS label, so that a name may become part of an address."""
    return _SITE.fullmatch(text) is not None


def is_page_id(text: str) -> bool:
    """Whether `text` looks like the id of a Facebook page: decimal digits, kept as text as they may exceed 2^53."""
    return _PAGE.fullmatch(text) is not None
