"""Asks this relay at its public address, as Meta and the sites would: from outside, without a proxy or a redirect."""

import secrets
from urllib.parse import urlencode

import aiohttp
from pydantic import SecretStr

from relay.core.app_level import callback_url
from relay.core.checks.public_address import judge_challenge, judge_site_calls, judge_unreached
from shared.checks import Check
from shared.exchange import CONNECT_TIMEOUT_S, NoAnswer, NotSent, get

TIMEOUT = aiohttp.ClientTimeout(total=10.0, connect=CONNECT_TIMEOUT_S)
"""Meta waits 5 s; a little patience tells a slow relay from one that is not there."""
MAX_ANSWER_BYTES = 64 * 1024
NOBODY = "nobody"
"""What a stranger calls itself; that there is such a site would change nothing, as it shows no token."""


async def ask_publicly(session: aiohttp.ClientSession, public_url: str, verify_token: SecretStr) -> list[Check]:
    """Put Meta's question, then a site's. The verify token travels in the address, as it does from Meta."""
    challenge = secrets.token_hex(8)
    query = {
        "hub.mode": "subscribe",
        "hub.challenge": challenge,
        "hub.verify_token": verify_token.get_secret_value(),
    }
    try:
        answer = await _get(session, f"{callback_url(public_url)}?{urlencode(query)}")
        stranger = await _get(session, f"{public_url.rstrip('/')}/v1/sites/{NOBODY}")
    except (NotSent, NoAnswer) as trouble:
        return [judge_unreached(public_url, str(trouble))]
    return [judge_challenge(*answer, public_url=public_url, challenge=challenge), judge_site_calls(*stranger)]


async def _get(session: aiohttp.ClientSession, url: str) -> tuple[int, bytes]:
    return await get(session, url, timeout=TIMEOUT, max_bytes=MAX_ANSWER_BYTES)
