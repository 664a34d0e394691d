"""Why a push got no answer: for programs, and in words for a site's people and the relay's.

The rule: the library's own words quote what it could not read, and there may stand anything, our messages echoed
included; so what is said of a site is said here.
"""

import os
from collections.abc import Mapping
from typing import NamedTuple

import aiohttp

from relay.adapters.bounded_answers import AnswerWithoutEnd
from relay.core.permission import refusal
from relay.core.trial import TrialCode
from shared.judged_sockets import AddressRefused


class Trouble(NamedTuple):
    """What kept us from an answer."""

    code: TrialCode
    words: str


_KINDS: Mapping[type[Exception], Trouble] = {
    aiohttp.ServerDisconnectedError: Trouble(TrialCode.BROKEN_OFF, "the site closed the connection before it answered"),
    aiohttp.ClientResponseError: Trouble(
        TrialCode.NO_SITE, "what answered does not speak HTTP: is this address really an on-site client?"
    ),
    AnswerWithoutEnd: Trouble(
        TrialCode.NO_SITE, "the site's answer has no end: is this address really an on-site client?"
    ),
    aiohttp.ClientPayloadError: Trouble(TrialCode.BROKEN_OFF, "the site's answer broke off"),
}
"""The first kind that fits says it."""


def trouble_of(site: str, error: Exception) -> Trouble:
    """Say what an error of the library means."""
    match error:
        case aiohttp.ClientConnectorError(host=host, os_error=AddressRefused() as refused):
            return Trouble(TrialCode.NETWORK_NOT_ALLOWED, refusal(site, host, [(refused.address, refused.kind)]))
        case aiohttp.ClientConnectorError():
            return _why_no_connection(error)
        case _:
            known = (trouble for kind, trouble in _KINDS.items() if isinstance(error, kind))
            return next(known, Trouble(TrialCode.BROKEN_OFF, f"{type(error).__name__}: {error}"))


def _why_no_connection(error: aiohttp.ClientConnectorError) -> Trouble:
    """Name what is in the way, the most telling kind of error first."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return Trouble(TrialCode.NAME_UNKNOWN, f"the name {error.host} cannot be resolved")
        case aiohttp.ClientConnectorCertificateError():
            words = f"the certificate of {error.host} is not valid: {error.certificate_error}"
            return Trouble(TrialCode.TLS, words)
        case aiohttp.ClientConnectorSSLError():
            reason = error.os_error.strerror or error.os_error
            return Trouble(TrialCode.TLS, f"{error.host}:{error.port} does not speak TLS: {reason}")
        case _:
            number = error.os_error.errno  # the system's words for it, as each event loop has its own
            reason = os.strerror(number) if number else str(error.os_error)
            words = f"{error.host}:{error.port} does not take connections: {reason}"
            return Trouble(TrialCode.NO_CONNECTION, words)
