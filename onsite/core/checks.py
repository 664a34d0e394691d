"""What `onsite check` makes of what others answer: the relay, the platforms, the running site. Judgements only, no I/O.

What it makes of this machine is in `core.machine_checks`.
"""

from onsite.core.errors import FacebookError, TelegramError, TelegramTrouble
from onsite.core.facebook.page import PageIdentity
from onsite.core.relay_answers import RelayReading, RelayState
from onsite.core.relay_trial import RelayTrial
from shared.checks import Check, failed, passed, skipped, warned
from shared.graph import RENEWAL_HINT, GraphTrouble
from shared.releases import releases_apart

SITE, RELAY, RELEASES = "running site", "relay", "releases"
REACHED = "reached by the relay"

START = "start it with `onsite run`"
RELAY_SETTINGS = "set ONSITE_SITE, ONSITE_RELAY_SECRET and ONSITE_RELAY_URL, as the relay's operator told you"
RELAY_WAY = "do what the sentence says; `onsite status` shows when it is mended"
UPGRADE = "bring the older half up to date: they understand each other one release apart"
WAY_OUT = "let this machine resolve names and connect to {host} by https (port 443)"
NEW_TOKEN = "copy the bot's token anew from @BotFather, and give it with `onsite channel add telegram`"  # noqa: S105  a sentence
TAKE_OVER = "end the other program, or take the bot over with `onsite channel add telegram --take-over`"
NO_CHANNEL = (
    "none yet: `onsite connect` adds Facebook pages (without a relay: `onsite channel add facebook`), and"
    " `onsite channel add telegram` a bot"
)
CONNECT = (
    "connect it with `onsite connect` or, without a relay, give its token with `onsite channel add facebook PAGE_ID`;"
    " messages are received without, replies need it"
)

_UNREACHED = frozenset({TelegramTrouble.UNREACHABLE, TelegramTrouble.UNCLEAR, TelegramTrouble.THROTTLED})


def judge_site(status: int, *, url: str) -> Check:
    """Say how the running site is, from the status of its readiness."""
    if status == 200:  # noqa: PLR2004  HTTP's
        return passed(SITE, f"it answers at {url}, and takes messages in")
    return failed(SITE, f"what answers at {url} is not ready ({status})", "its log says why; is it this site's port?")


def judge_relay(reading: RelayReading) -> Check:
    """Say how the relay sees this site, as far as it told."""
    match reading.state:
        case RelayState.UP:
            return passed(RELAY, f"it answers, and delivers to this site; {reading.waiting} events wait there")
        case RelayState.OFF:
            return warned(RELAY, reading.sentence, RELAY_SETTINGS)
        case RelayState.UNCHECKED:
            return warned(RELAY, reading.sentence or "it told nothing", RELAY_WAY)
        case _:
            return failed(RELAY, reading.sentence, RELAY_WAY)


ASKED = frozenset({RelayState.UP, RelayState.PARKED, RelayState.PAUSED, RelayState.CLOCK_OFF, RelayState.UNCHECKED})
"""How a relay answers that can be asked to try this site."""


def judge_way_in(trial: RelayTrial) -> Check:
    """Say whether the relay reaches this site, as it tried just now."""
    if trial.reached is None:
        return skipped(REACHED, trial.sentence)
    return passed(REACHED, trial.sentence) if trial.reached else failed(REACHED, trial.sentence, trial.remedy)


def no_way_in(reading: RelayReading, *, site_runs: bool) -> Check | None:
    """Say why the relay need not be asked to try this site; None where it is to be asked."""
    if reading.state not in ASKED:
        return skipped(REACHED, "not tried, as the relay cannot be asked")
    return None if site_runs else skipped(REACHED, "not tried, as this site does not run")


def judge_releases(relay: str, ours: str) -> list[Check]:
    """Say whether the halves are close enough to understand each other; nothing where the relay told no version."""
    apart = releases_apart(relay, ours)
    words = f"the relay is of release {relay}, this site of {ours}"
    if not relay:
        return []
    if apart is None or apart > 1:
        return [warned(RELEASES, words, UPGRADE)]
    return [passed(RELEASES, words)]


def judge_page(page_id: str, found: PageIdentity | FacebookError) -> Check:
    """Say whether a page's token works."""
    name = f"page {page_id}"
    if isinstance(found, PageIdentity):
        if found.id == page_id:
            return passed(name, f"Facebook takes the token of {found.name or page_id}")
        return failed(name, f"its token belongs to {found.id}", RENEWAL_HINT)
    if found.trouble is None:
        return failed(name, found.sentence, WAY_OUT.format(host="graph.facebook.com"))
    if found.trouble in {GraphTrouble.THROTTLED, GraphTrouble.TEMPORARY}:
        return warned(name, found.sentence, "check again in some minutes")
    return failed(name, found.sentence, RENEWAL_HINT)


def judge_bot(name: str, webhook_url: str | TelegramError) -> Check:
    """Say whether a bot's token works, and nobody else fetches its messages."""
    if isinstance(webhook_url, TelegramError):
        if webhook_url.trouble in _UNREACHED:
            return failed(name, str(webhook_url), WAY_OUT.format(host="api.telegram.org"))
        return failed(name, f"Telegram refuses the token: {webhook_url}", NEW_TOKEN)
    if webhook_url:
        return failed(name, "another program gets its messages: a webhook is set", TAKE_OVER)
    return passed(name, "Telegram takes its token, and no webhook is set")


def judge_reached(name: str, trouble: str, *, host: str) -> Check:
    """Say whether a platform answers at all; `trouble` says why not, and is empty where it does."""
    return (
        failed(name, f"cannot be reached: {trouble}", WAY_OUT.format(host=host)) if trouble else passed(name, "answers")
    )


def no_token(name: str) -> Check:
    """Say that there is nothing to try. Only a page can be without: a bot comes with its token."""
    return warned(name, "it has no token", CONNECT)
