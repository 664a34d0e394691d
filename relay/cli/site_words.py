"""One site in the words of an operator. What only programs need of it is in `--json`."""

from typing import Any

from relay.cli.outbox_tables import size_text


def site_in_words(site: dict[str, Any]) -> dict[str, str]:
    """Return what is to be told, by what it is called; what is empty has no line."""
    delivery = site["delivery"]
    return {
        "name": site["name"],
        "address": site["url"],
        "http": "allowed (development only)" if site["allow_insecure"] else "",
        "networks": ", ".join(site["allow_networks"]) or "none; public addresses only",
        "pages": ", ".join(site["pages"]) or f"none; `relay bind PAGE_ID {site['name']}` binds one",
        "registered": site["created_at"],
        "secret": rotation_in_words(site["rotation"]),
        "state": _state(delivery),
        _name_of_cause(delivery): _with_time(delivery["last_error"], delivery["last_error_at"]),
        "next attempt": delivery["next_attempt"] or "",
        "waiting": _waiting(delivery),
        "delivered": f"{delivery['delivered']}{_since(delivery['last_success_at'], 'the last at')}",
        "dead letters": _counted(delivery["dead_letters"], delivery["dead_bytes"]),
    }


def rotation_in_words(rotation: dict[str, Any] | None) -> str:
    """Say how far the exchange of a site's secret is; nothing where none is under way."""
    if rotation is None:
        return ""
    uses = {
        "new": f"the site uses the new one since {rotation['since']}: --finish ends the old one",
        "old": "the site still uses the old one",
        "unknown": "the site has not called since, so it is not known which one it uses",
    }
    return f"rotates since {rotation['begun_at']}; {uses[rotation['site_uses']]}"


def allowed(site: dict[str, Any]) -> str:
    """Name what is allowed for a site beyond the rule."""
    return ", ".join((["http"] if site["allow_insecure"] else []) + site["allow_networks"])


def _name_of_cause(delivery: dict[str, Any]) -> str:
    return "paused because" if delivery["state"] == "paused" else "last error"


def _state(delivery: dict[str, Any]) -> str:
    since = f" since {delivery['parked_since']}" if delivery["parked_since"] else ""
    failures = delivery["failures"]
    after = f", after {failures} failure{'' if failures == 1 else 's in a row'}" if failures else ""
    return f"{delivery['state']}{since}{after}"


def _waiting(delivery: dict[str, Any]) -> str:
    counted = _counted(delivery["waiting"], delivery["waiting_bytes"])
    fill = f", {delivery['fill']:.0%} of its limits" if delivery["fill"] >= 0.01 else ""  # noqa: PLR2004  1 %: less is no news
    return f"{counted}{_since(delivery['oldest_at'], 'the oldest since')}{fill}"


def _counted(count: int, size: int) -> str:
    return f"{count} ({size_text(size)})" if count else "none"


def _since(time: str | None, word: str) -> str:
    return f", {word} {time}" if time else ""


def _with_time(words: str, time: str | None) -> str:
    return f"{words} ({time})" if words and time else words
