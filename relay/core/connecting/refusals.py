"""Why a person in the browser cannot go on: what happened, what to do, and the status that fits. A table.

The rule: a sentence tells the person nothing of other sites, and nothing that an attacker wrote.
"""

from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus

from relay.core.errors import RelayError

_ASK_ANEW = "Go back to where you got the link and ask for a new one."


@dataclass(frozen=True, slots=True)
class Words:
    """What a page says."""

    status: HTTPStatus
    title: str
    happened: str
    to_do: str
    again: bool = False
    """Whether the same login can simply be tried once more."""


class Reason(Enum):
    """Why."""

    UNKNOWN = Words(
        HTTPStatus.NOT_FOUND, "This link is not known", "It was perhaps copied only in part, or altered.", _ASK_ANEW
    )
    EXPIRED = Words(
        HTTPStatus.GONE,
        "This link has expired",
        "A link is good for 15 minutes, and so is each step after it. Nothing was changed.",
        _ASK_ANEW,
    )
    USED = Words(
        HTTPStatus.GONE,
        "This step was done already",
        "A link works once, in one browser, and so does each answer of Facebook.",
        f"If your pages are connected, there is nothing left to do. Otherwise: {_ASK_ANEW}",
    )
    OTHER_BROWSER = Words(
        HTTPStatus.FORBIDDEN,
        "This is another browser",
        "The login was begun in another browser, or this one did not keep the cookie that recognises it.",
        f"Go on in the browser in which you opened the link, with cookies allowed. Otherwise: {_ASK_ANEW}",
    )
    FORGED = Words(
        HTTPStatus.BAD_REQUEST,
        "This answer belongs to no login",
        "It did not come from a login that was begun here. Nothing was changed.",
        f"If somebody sent you this address, do not open it again. To connect pages: {_ASK_ANEW}",
    )
    DECLINED = Words(
        HTTPStatus.OK,
        "You cancelled the login at Facebook",
        "Nothing was allowed, and nothing was changed.",
        "You may close this window, or try once more.",
        again=True,
    )
    NOT_ALLOWED = Words(
        HTTPStatus.FORBIDDEN,
        "Facebook was not allowed enough",
        "Without these permissions, messages can neither arrive nor be answered:",
        "Try once more, and leave everything switched on that Facebook asks for.",
        again=True,
    )
    NO_PAGES = Words(
        HTTPStatus.NOT_FOUND,
        "No page was found",
        "Facebook lists no page that you run and ticked in its dialog.",
        "Try once more and tick the pages there. A page of a business portfolio is listed only if the portfolio is"
        " ticked as well, and only for people who were given access to it there.",
        again=True,
    )
    UNREACHABLE = Words(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Facebook does not answer",
        "Your login could not be completed, as Facebook could not be reached. Nothing was changed.",
        "Wait a minute, then try once more.",
        again=True,
    )
    REFUSED = Words(
        HTTPStatus.FORBIDDEN,
        "Facebook refused the login",
        "Your login could not be completed. Nothing was changed. Facebook says:",
        "Try once more. If it happens again, tell this text to those who gave you the link.",
        again=True,
    )
    STORE = Words(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Please come again in a minute",
        "The relay cannot reach its own memory just now. Nothing was changed.",
        "Reload this page in a minute.",
    )
    INTERRUPTED = Words(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Your login could not be finished",
        "The relay could not reach its own memory in the middle of it. No page was connected.",
        "Wait a minute, then try once more.",
        again=True,
    )
    TOO_OFTEN = Words(
        HTTPStatus.TOO_MANY_REQUESTS,
        "This link was tried too often",
        "It was used for many logins, and none of them was finished. No page was connected.",
        _ASK_ANEW,
    )
    BAD_FORM = Words(
        HTTPStatus.BAD_REQUEST,
        "This form cannot be accepted",
        "It was altered, or sent from somewhere else. Nothing was changed.",
        _ASK_ANEW,
    )

    @property
    def words(self) -> Words:
        """What the page says."""
        return self.value


class ConnectRefused(RelayError):
    """Ends a step in the browser with a page that says why."""

    def __init__(self, reason: Reason, *, session_id: str = "", details: tuple[str, ...] = ()) -> None:
        """`session_id` names the session that can be tried again, where there is one; `details` are listed."""
        super().__init__(f"{reason.name.lower()} {' '.join(details)}".strip())
        self.reason = reason
        self.session_id = session_id if reason.words.again else ""
        self.details = details
