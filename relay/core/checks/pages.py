"""Judges what the running relay tells of connected pages: what their last audits found. Total: any answer gives a line.

Not the audits, and nothing is asked of Facebook for it (`engine.page_health` has what is known).
"""

from collections.abc import Sequence

import msgspec

from relay.core.checks.running import MOST_NAMED, SEE_LOG
from shared.checks import Check, failed, passed, skipped, warned

PAGES = "pages"

LOOK_AT_PAGES = "`relay bindings` says of each page what is wrong, and what mends it"


class _Page(msgspec.Struct, frozen=True):
    """One of `/admin/v1/bindings`."""

    page_id: str
    trouble: str = ""
    token_dead_since: str | None = None


def judge_pages(status: int, body: bytes) -> Check:
    """Name the pages whose token is dead, and those with any other trouble."""
    try:
        pages = msgspec.json.decode(body, type=list[_Page])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return failed(PAGES, f"the relay does not tell (status {status})", SEE_LOG)
    if not pages:
        return skipped(PAGES, "none is bound yet; `relay connect` connects one")
    dead = [each.page_id for each in pages if each.token_dead_since]
    troubled = [each.page_id for each in pages if each.trouble and not each.token_dead_since]
    parts = [part for part in (_named("token is dead", dead), _named("in trouble", troubled)) if part]
    if parts:
        return warned(PAGES, "; ".join(parts), LOOK_AT_PAGES)
    return passed(PAGES, f"no trouble is known of any ({len(pages)} bound)")


def _named(what: str, page_ids: Sequence[str]) -> str:
    more = f" and {len(page_ids) - MOST_NAMED} more" if len(page_ids) > MOST_NAMED else ""
    return f"{what}: {', '.join(page_ids[:MOST_NAMED])}{more}" if page_ids else ""
