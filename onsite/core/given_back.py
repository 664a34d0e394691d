"""What the relay answered to a page that this site gives back. What an answer means; no I/O.

docs/protocol.md, "Giving a page back". A page that is not this site's there, any more or ever, is no error here:
nothing comes for it, which is what was asked for.
"""

from dataclasses import dataclass
from http import HTTPStatus

from onsite.core.errors import NotGivenBack
from onsite.core.relay_answers import MAX_WORDS, RelayState, not_ok
from shared.lenient import as_object, as_text, decode_object

REASON = "this site gave the page back"
"""What the page's channel says; the relay tells the same behind the page's last message."""


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What came of it."""

    was_ours: bool
    """Whether the relay had the page as this site's."""
    still_subscribed: str = ""
    """Why Facebook goes on sending the page's events to the relay; empty where it does not."""


def read_given_back(status: int, body: bytes) -> GivenBack:
    """Read the relay's answer. Raises NotGivenBack."""
    answer = _decoded(body)
    code = as_text(as_object(answer.get("error")).get("code"))
    if status == HTTPStatus.OK and "page_id" in answer:
        return GivenBack(True, as_text(answer.get("still_subscribed"))[:MAX_WORDS])
    if status == HTTPStatus.NOT_FOUND and code == "no_such_page":
        return GivenBack(False)
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise NotGivenBack(f"the relay cannot take the page back now ({status}); try again in some seconds")
    reading = not_ok(status)
    if reading.state is RelayState.NOT_OFFERED:
        raise NotGivenBack(
            f"what answers at ONSITE_RELAY_URL cannot take a page back ({status}): it may be of an earlier release;"
            " ask the relay's operator for `relay unbind`"
        )
    raise NotGivenBack(reading.sentence)


def _decoded(body: bytes) -> dict[str, object]:
    try:
        return decode_object(body)
    except ValueError:
        return {}
