"""Rotating a site's secret: what becomes of a site at the beginning and at the end. Values only.

The newest secret stands first. From the beginning to the end both are valid, everywhere: both sign, the tokens of both
are taken, and what is sealed is sealed for both. So the site may be switched at any time between, and at its own pace.
"""

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum

from pydantic import SecretStr

from relay.core.site import Site
from shared.errors import UserError
from shared.site_secret import api_token


class Uses(StrEnum):
    """With which of its secrets a site called last."""

    NEW = "new"
    OLD = "old"
    UNKNOWN = "unknown"
    """It has not called since the rotation began."""


@dataclass(frozen=True, slots=True)
class SecretUse:
    """The last secret that a site called with, and since when it has."""

    mark: str
    """See `mark_of`."""
    since_ms: int


@dataclass(frozen=True, slots=True)
class Rotation:
    """A rotation that is under way."""

    begun_at_ms: int
    site_uses: Uses
    since_ms: int | None
    """Since when the site calls with that one; None where it has not called."""


def mark_of(token: bytes) -> str:
    """Name the token with which a site calls, without telling it: 16 hex digits of its SHA-256."""
    return hashlib.sha256(token).hexdigest()[:16]


def rotation_of(site: Site, use: SecretUse | None) -> Rotation | None:
    """Say how a site's rotation stands, by what is known of its calls; None where there is none."""
    if site.rotating_since_ms is None:
        return None
    marks = [mark_of(api_token(secret).get_secret_value().encode()) for secret in site.secrets]
    if use is None or use.mark not in marks:
        return Rotation(site.rotating_since_ms, Uses.UNKNOWN, None)
    return Rotation(site.rotating_since_ms, Uses.NEW if use.mark == marks[0] else Uses.OLD, use.since_ms)


def begun(site: Site, secret: SecretStr, *, now_ms: int) -> Site:
    """Put a new secret in front. Raises UserError while a rotation is under way."""
    if site.rotating_since_ms is not None:
        raise UserError(
            f"the secret of {site.name} rotates already: `relay site rotate-secret {site.name} --finish` ends that, and"
            " --again replaces the new secret if it was lost before the site had it"
        )
    return replace(site, secrets=(secret, *site.secrets), rotating_since_ms=now_ms)


def begun_again(site: Site, secret: SecretStr, use: SecretUse | None) -> Site:
    """Replace the new secret. Raises UserError where there is none, or where the site has it by now."""
    rotation = _under_way(site, use)
    if rotation.site_uses is Uses.NEW:
        raise UserError(
            f"{site.name} uses its new secret already, and would be locked out with another one;"
            f" `relay site rotate-secret {site.name} --finish` first"
        )
    return replace(site, secrets=(secret, *site.secrets[1:]))


def finished(site: Site, use: SecretUse | None, *, force: bool) -> Site:
    """Leave the newest secret alone. Raises UserError where nothing rotates, or the site does not use it yet."""
    rotation = _under_way(site, use)
    if rotation.site_uses is not Uses.NEW and not force:
        raise UserError(_NOT_YET[rotation.site_uses].format(site=site.name))
    return replace(site, secrets=site.secrets[:1], rotating_since_ms=None)


def _under_way(site: Site, use: SecretUse | None) -> Rotation:
    rotation = rotation_of(site, use)
    if rotation is None:
        raise UserError(
            f"the secret of {site.name} does not rotate; `relay site rotate-secret {site.name}` begins a rotation"
        )
    return rotation


_NOT_YET = {
    Uses.OLD: (
        "{site} still uses the old secret, and would be locked out: its admin sets ONSITE_RELAY_SECRET to the new one"
        " and restarts the site; --force ends the overlap all the same"
    ),
    Uses.UNKNOWN: (
        "{site} has not called this relay since its secret rotates, so nobody knows if it has the new one. A site calls"
        " within a minute if its ONSITE_RELAY_URL is set; if you know that it has the new secret, use --force"
    ),
}
