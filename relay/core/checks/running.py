"""Judges what the running relay tells of itself and of its sites. Total: any answer gives lines."""

from collections.abc import Sequence
from http import HTTPStatus

import msgspec

from shared.checks import Check, failed, passed, skipped, warned
from shared.releases import releases_apart

RELAY = "running relay"
WORKERS = "workers"
SITES = "sites"

RIGHT_FOLDER = (
    "run this in the folder where the relay runs, or name its data folder (--data-dir); a relay that never ran makes"
    " the token at its first start, `relay run`"
)
START = "start it with `relay run`, or say where it is with --url"
OTHER_RELAY = "is the token that of this very relay? RELAY_ADMIN_TOKEN, or the file admin-token in its data folder"
ADDRESS = "say where the relay is: RELAY_ADMIN_URL or --url; RELAY_PORT where it is on this machine"
RESTART = "start it again, so that it is of this release as well"
START_WORKER = "start `relay worker`: meanwhile web processes try parked sites again, some seconds late"
LOOK_AT_SITES = "`relay status` says why, and what to do; nothing is lost meanwhile"
SEE_LOG = "the relay's log says why"

MOST_NAMED = 5
"""How many sites a line names."""


class Running(msgspec.Struct, frozen=True):
    """What `/admin/v1/health` tells."""

    version: str
    workers: int
    """How many workers have told lately that they live."""


class _Delivery(msgspec.Struct, frozen=True):
    state: str


class _Site(msgspec.Struct, frozen=True):
    name: str
    delivery: _Delivery


class _Status(msgspec.Struct, frozen=True):
    sites: list[_Site]


_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def judge_running(status: int, body: bytes, *, version: str) -> list[Check]:
    """Say how the relay is; `version` is that of this command."""
    if status == HTTPStatus.UNAUTHORIZED:
        return [failed(RELAY, "it does not accept the admin token", OTHER_RELAY)]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return [failed(RELAY, "it runs, but cannot use its Redis now", SEE_LOG)]
    if status == HTTPStatus.NOT_FOUND:
        return [failed(RELAY, "what answers does not know this question: another program, or an older relay", RESTART)]
    try:
        found = msgspec.json.decode(body, type=Running)
    except _UNREADABLE:
        return [failed(RELAY, f"what answers (status {status}) is not the relay", ADDRESS)]
    return [_judge_version(found.version, version), _judge_workers(found.workers)]


def judge_not_running(trouble: str) -> Check:
    """Say that nothing answers; `trouble` says why."""
    return failed(RELAY, f"the relay does not answer: {trouble}", START)


def judge_sites(status: int, body: bytes) -> Check:
    """Name the sites that get nothing now."""
    try:
        sites = msgspec.json.decode(body, type=_Status).sites
    except _UNREADABLE:
        return failed(SITES, f"the relay does not tell (status {status})", SEE_LOG)
    if not sites:
        return skipped(SITES, "none is registered yet; `relay site add NAME URL` registers one")
    parts = [part for state in ("parked", "paused") if (part := _named(sites, state))]
    if parts:
        return warned(SITES, "; ".join(parts), LOOK_AT_SITES)
    return passed(SITES, "1 site is up" if len(sites) == 1 else f"all {len(sites)} are up")


def _named(sites: Sequence[_Site], state: str) -> str:
    names = [each.name for each in sites if each.delivery.state == state]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{state}: {', '.join(names[:MOST_NAMED])}{more}" if names else ""


def _judge_version(theirs: str, ours: str) -> Check:
    if releases_apart(theirs, ours) == 0:
        return passed(RELAY, f"it answers, and is of release {theirs}")
    return warned(RELAY, f"it is of release {theirs}, this command of {ours}", RESTART)


def _judge_workers(alive: int) -> Check:
    if not alive:
        return warned(WORKERS, "none is alive", START_WORKER)
    return passed(WORKERS, "1 is alive" if alive == 1 else f"{alive} are alive")
