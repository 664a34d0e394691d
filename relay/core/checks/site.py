"""Judges what trying a site found, and how it stands otherwise, for `relay site check`. Values only.

A site that is parked or paused is a warning: it is no fault of the way there, and the way is what is checked.
"""

from collections.abc import Mapping
from typing import Any

from relay.core.delivery import DeliveryState
from relay.core.trial import TrialCode
from shared.checks import Check, failed, passed, warned
from shared.lenient import as_int, as_object, as_text

REACH, DELIVERY = "reached by the relay", "delivery"

_REMEDIES: Mapping[str, str] = {
    TrialCode.SIGNATURE_REFUSED: "`relay site rotate-secret {site}` makes a new secret, if the old one is lost; clocks"
    " must not differ by more than 5 minutes",
    TrialCode.GONE: "ask the site's admin why; then `relay site resume {site}`",
    TrialCode.REDIRECT: "`relay site change {site} --to URL` registers the final address",
    TrialCode.HTTP_STATUS: "ask the site's admin: its proxy must let /relay/events through to `onsite run`, whose log"
    " names each push",
    TrialCode.NO_SITE: "ask the site's admin what listens there; `relay site change {site} --to URL` registers another"
    " address",
    TrialCode.NAME_UNKNOWN: "is the name right, and known outside of the site's network?"
    " `relay site change {site} --to URL` registers another address",
    TrialCode.NETWORK_NOT_ALLOWED: "allow it if it is the site's, or register its public address:"
    " `relay site change {site} --to URL`",
    TrialCode.NO_CONNECTION: "ask the site's admin: is its proxy up, does its firewall let the relay in, is the port"
    " the registered one?",
    TrialCode.TLS: "ask the site's admin for a certificate that is valid for this name, with its whole chain",
    TrialCode.TIMEOUT: "ask the site's admin: a firewall may drop what the relay sends, or the site is overloaded",
    TrialCode.BROKEN_OFF: "ask the site's admin: something between the relay and the site ends its connections",
}
_ASK = "ask the site's admin"
"""What helps with a code of a newer relay."""


def judge_trial(trial: dict[str, Any]) -> Check:
    """Say whether the relay reaches the site, from the relay's answer; total."""
    address, words = as_text(trial.get("address")), as_text(trial.get("words"))
    if trial.get("reached") is True:
        return passed(REACH, f"{address} took a signed, empty push, after {as_int(trial.get('took_ms')) or 0} ms")
    remedy = _REMEDIES.get(as_text(trial.get("code")), _ASK)
    return failed(REACH, f"{words or 'the relay does not say why not'} ({address})", remedy.format(site=trial["site"]))


def judge_delivery(name: str, delivery: dict[str, Any], *, reached: bool) -> Check:
    """Say how the site's events fare, from what the relay tells of it."""
    told = as_object(delivery)
    state, waiting = as_text(told.get("state")), as_int(told.get("waiting")) or 0
    waits = f"{waiting} event{' waits' if waiting == 1 else 's wait'}"
    if state == DeliveryState.UP:
        return passed(DELIVERY, f"up; {waits}")
    because = as_text(told.get("last_error")) or "no reason told"
    if state == DeliveryState.PAUSED:
        return warned(DELIVERY, f"paused ({because}); {waits}", f"`relay site resume {name}` delivers what waits")
    next_attempt = as_text(told.get("next_attempt"))
    words = f"parked ({because}); {waits}" + (f"; tried again at {next_attempt}" if next_attempt else "")
    return warned(DELIVERY, words, f"`relay site resume {name}` tries it now" if reached else "mend what is above")
