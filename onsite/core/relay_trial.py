"""What the relay found when it tried to reach this site, in words for our people. Total: any answer gives a value.

docs/protocol.md, "check". A relay of an earlier release does not know the call: then nobody knows, and nothing failed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from onsite.core.relay_answers import MAX_WORDS, not_ok
from shared.lenient import as_int, as_object, as_text, decode_object


@dataclass(frozen=True, slots=True)
class RelayTrial:
    """What came of it."""

    reached: bool | None
    """None where nobody knows."""
    sentence: str
    remedy: str = ""
    """What to do; never empty where the relay did not reach us."""


_SECRET = "compare ONSITE_SITE and ONSITE_RELAY_SECRET with what the relay's operator has, and set this machine's clock"  # noqa: S105  a sentence
_PROXY = "let the proxy of that address pass /relay/events to this site; its log says what it did with the request"
_OPERATOR = "ask the relay's operator"
_REMEDIES: Mapping[str, str] = {
    "signature_refused": _SECRET,
    "gone": "ask who made this site refuse events (410); then the relay's operator resumes it",
    "redirect": f"{_OPERATOR} to register the final address (`relay site change`)",
    "http_status": _PROXY,
    "no_site": f"is that the address of this site? Then {_PROXY}. If not, {_OPERATOR} to register it",
    "name_unknown": f"have the name known in public, or {_OPERATOR} to register another (`relay site change`)",
    "network_not_allowed": f"{_OPERATOR} to allow that network (`relay site change --allow-network`), or to register a"
    " public address",
    "no_connection": "is the proxy up, does the firewall let the relay in, is the port the right one?",
    "tls": "give the proxy a certificate that is valid for this name, with its whole chain",
    "timeout": "does a firewall drop what the relay sends? Does the proxy find this site?",
    "broken_off": _PROXY,
}


def not_asked(trouble: str) -> RelayTrial:
    """Return what is known after a call that got no answer; `trouble` says why, in words."""
    return RelayTrial(None, f"not known, as the relay did not say ({trouble})")


def read_trial(status: int, body: bytes) -> RelayTrial:
    """Read the relay's answer to `check`."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RelayTrial(None, "not known, as the relay was asked too often: try again in half a minute")
    if status == HTTPStatus.NOT_FOUND:
        return RelayTrial(None, "not known: this relay cannot be asked, as it is of an earlier release")
    told = _decoded(body)
    reached, words = told.get("reached"), as_text(told.get("words"))[:MAX_WORDS]
    if status != HTTPStatus.OK or not isinstance(reached, bool):
        return RelayTrial(None, f"not known: {not_ok(status).sentence}")
    where = as_text(told.get("address"))[:MAX_WORDS] or "the registered address"
    if reached:
        return RelayTrial(True, f"its push to {where} arrived, after {as_int(told.get('took_ms')) or 0} ms")
    remedy = _REMEDIES.get(as_text(told.get("code")), f"{_OPERATOR} what is wrong at {where}")
    return RelayTrial(False, f"it tried {where}: {words or 'it does not say what is wrong'}", remedy)


def _decoded(body: bytes) -> dict[str, object]:
    try:
        return as_object(decode_object(body))
    except ValueError:
        return {}
