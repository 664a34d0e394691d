"""Judges the relay's public address: what is set, and whether what answers there is this relay. Total."""

from relay.core.app_level import callback_url
from shared.checks import Check, failed, passed, warned

SETTING = "RELAY_PUBLIC_URL"
CHALLENGE = "public address"
SITE_CALLS = "sites' calls"

_NAME_IT = (
    "set it to the https address under which Meta and the sites reach this relay, such as https://relay.example.com"
)
PROXY = (
    "let the name lead to this relay's proxy, and the proxy pass /facebook/webhook to the relay"
    " (deploy/relay has examples); should only this machine not reach its own public address, look from another"
)
ANOTHER_RELAY = (
    "the relay that answers there has another RELAY_FACEBOOK_VERIFY_TOKEN, or was started before it was changed: give"
    " all of them the same, and start them again"
)
SITES_PROXY = "let the proxy pass /v1/sites/ to the relay, as in deploy/relay: sites announce themselves there"
RELAY_BEHIND = "the proxy is there, and the relay behind it is not: is it running, and at the port the proxy asks?"

_GATEWAY = range(502, 505)
_REDIRECTS = range(300, 400)


def judge_setting(url: str) -> Check:
    """Say whether an address is set that Meta takes; what is none at all is refused with the settings."""
    if not url:
        return failed(SETTING, "not set", _NAME_IT)
    if not url.startswith("https://"):
        return warned(
            SETTING, f"{url} is for development: Meta insists on https, and does not reach this machine", _NAME_IT
        )
    return passed(SETTING, url)


def judge_challenge(status: int, body: bytes, *, public_url: str, challenge: str) -> Check:
    """Say whether the relay answered as Meta wants it: the challenge, and nothing else."""
    url = callback_url(public_url)
    if status == 200 and body == challenge.encode():  # noqa: PLR2004  HTTP's
        return passed(CHALLENGE, f"{url} answers Facebook's question")
    if status == 403 and b"verification_refused" in body:  # noqa: PLR2004  HTTP's
        return failed(CHALLENGE, f"{url} refuses this verify token", ANOTHER_RELAY)
    if status in _GATEWAY:
        return failed(CHALLENGE, f"{url} answers {status}", RELAY_BEHIND)
    if status in _REDIRECTS:
        return failed(CHALLENGE, f"{url} answers with a redirect ({status}), which Meta does not follow", PROXY)
    return failed(CHALLENGE, f"{url} answers {status}, and not as this relay does", PROXY)


def judge_unreached(public_url: str, trouble: str) -> Check:
    """Say that nothing answers; `trouble` says why."""
    return failed(CHALLENGE, f"{callback_url(public_url)} cannot be reached: {trouble}", PROXY)


def judge_site_calls(status: int, body: bytes) -> Check:
    """Say whether sites get through: a stranger is refused by the relay itself."""
    if status == 401 and b"no such site, or not its token" in body:  # noqa: PLR2004  HTTP's
        return passed(SITE_CALLS, "the proxy lets them through to the relay")
    return warned(SITE_CALLS, f"/v1/sites/ answers {status}, and not as this relay does", SITES_PROXY)
