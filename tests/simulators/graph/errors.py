"""Graph's error envelope and the errors that the simulator can answer with. Pure.

Codes and subcodes are those of Meta's pages (https://developers.facebook.com/docs/graph-api/guides/error-handling and
the Messenger Platform's error codes); the sentences are Meta's where they are known, ours in its manner elsewhere.
Clients must decide by the numbers.
"""

from collections.abc import Iterable
from typing import Any

OAUTH = "OAuthException"
METHOD = "GraphMethodException"

DEAD_TOKEN_WORDS = {
    458: "Error validating access token: The user has not authorized application.",
    459: "Error validating access token: You cannot access the app till you log in to www.facebook.com and follow the"
    " instructions given.",
    460: "Error validating access token: The session has been invalidated because the user changed their password or"
    " Facebook has changed the session for security reasons.",
    463: "Error validating access token: Session has expired.",
    464: "Error validating access token: Sessions for the user are not allowed because the user is not a confirmed"
    " user.",
    467: "Error validating access token: The session is invalid because the user logged out.",
    492: "Error validating access token: The user does not have sufficient role on the page.",
}
"""Subcodes of code 190, and what Meta says with them."""

SERVER_CODES = {1, 2}
PERMISSION_CODES = {3, 10, *range(200, 300)}


class GraphError(Exception):
    """A call is refused; nothing happened."""

    def __init__(
        self,
        message: str,
        *,
        code: int,
        subcode: int | None = None,
        type: str = OAUTH,  # noqa: A002  the envelope's own word
        status: int | None = None,
        transient: bool = False,
        user_title: str = "",
        user_msg: str = "",
    ) -> None:
        super().__init__(message)
        self.message, self.code, self.subcode, self.type = message, code, subcode, type
        self.status = status or _status_of(code)
        self.transient, self.user_title, self.user_msg = transient, user_title, user_msg

    def envelope(self, trace_id: str) -> dict[str, Any]:
        """Write it as Graph does."""
        error: dict[str, Any] = {"message": self.message, "type": self.type, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        error["is_transient"] = self.transient
        if self.user_title:
            error |= {"error_user_title": self.user_title, "error_user_msg": self.user_msg}
        return {"error": error | {"fbtrace_id": trace_id}}


def _status_of(code: int) -> int:
    """Guess the HTTP status as Graph mostly has it; the page only says "400 mostly, 403, 500 and 503 also"."""
    return 500 if code in SERVER_CODES else 403 if code in PERMISSION_CODES else 400


def no_token() -> GraphError:
    """Say that nobody told who calls."""
    return GraphError("An access token is required to request this resource.", code=104)


def unknown_token() -> GraphError:
    """Say that the token is none that was ever issued."""
    return GraphError("Invalid OAuth access token - Cannot parse access token", code=190)


def wrong_app_token() -> GraphError:
    """Say that the app's own token is not the app's id and secret."""
    return GraphError("Invalid OAuth access token signature.", code=190)


def dead_token(subcode: int | None) -> GraphError:
    """Say that the token was good once. Subcodes: 458, 459, 460, 463, 464, 467, 492, or None."""
    words = DEAD_TOKEN_WORDS.get(subcode or 0, "Error validating access token.")
    return GraphError(words, code=190, subcode=subcode)


def proof_missing() -> GraphError:
    """Say that the app demands a proof with every call."""
    return GraphError("API calls from the server require an appsecret_proof argument", code=100, type=METHOD)


def proof_invalid() -> GraphError:
    """Say that the proof does not belong to this token and secret, or is older than five minutes."""
    return GraphError("Invalid appsecret_proof provided in the API argument", code=100, type=METHOD)


def version_gone(version: str, oldest: str) -> GraphError:
    """Say that the version has ended, in Meta's manner; its own words are not documented."""
    return GraphError(
        f"(#2635) You are calling a deprecated version of the API ({version}). Please update to {oldest} or later.",
        code=2635,
    )


def unknown_path(path: str) -> GraphError:
    """Say that there is no such edge."""
    return GraphError(f"Unknown path components: {path}", code=2500)


def no_such_field(name: str, node_type: str) -> GraphError:
    """Say that this kind of object has no such field or edge."""
    return bad_parameter(f"Tried accessing nonexisting field ({name}) on node type ({node_type})")


def page_token_required() -> GraphError:
    """Say that a person's or the app's token will not do."""
    return GraphError("(#210) A page access token is required to request this resource.", code=210)


def user_token_required() -> GraphError:
    """Say that nobody is logged in with this token."""
    return GraphError("An active access token must be used to query information about the current user.", code=2500)


def app_token_required() -> GraphError:
    """Say that only the app itself may do this."""
    return GraphError("(#15) This method must be called with an app access_token.", code=15)


def permission_missing(*names: str) -> GraphError:
    """Say that the person has not granted it."""
    return GraphError(f"(#200) Requires {' and '.join(names)} permission to manage the object.", code=200)


def task_missing(tasks: Iterable[str]) -> GraphError:
    """Say that the person's role on the page does not reach."""
    return GraphError(
        f"(#200) The user must have one of the tasks {', '.join(tasks)} on the page to do this.", code=200
    )


def message_deleted() -> GraphError:
    """Say that a message is gone; what is older than the newest twenty of its thread counts as gone."""
    return GraphError("(#9000001) This message has been deleted.", code=9000001)


def page_throttled() -> GraphError:
    """Say that a page's messenger calls come too fast."""
    return GraphError(
        "(#80006) There have been too many messenger api calls from this page account. Wait a bit and try again.",
        code=80006,
    )


def app_throttled() -> GraphError:
    """Say that the app's calls come too fast."""
    return GraphError("(#4) Application request limit reached", code=4, transient=True)


def callback_refused(reason: str) -> GraphError:
    """Say that the verification of a callback address failed."""
    return GraphError(f"(#2200) Callback verification failed with the following errors: {reason}", code=2200)


def no_such_object(http_method: str, object_id: str) -> GraphError:
    """Say that the object is not there, or that this token must not see it: Graph does not tell which."""
    return GraphError(
        f"Unsupported {http_method.lower()} request. Object with ID '{object_id}' does not exist, cannot be loaded due"
        " to missing permissions, or does not support this operation. Please read the Graph API documentation at"
        " https://developers.facebook.com/docs/graph-api",
        code=100,
        subcode=33,
        type=METHOD,
    )


def bad_parameter(message: str, *, subcode: int | None = None) -> GraphError:
    """Say that a parameter is not as it must be."""
    return GraphError(f"(#100) {message}", code=100, subcode=subcode)


def missing_parameter(name: str) -> GraphError:
    """Say that a parameter must be there."""
    return bad_parameter(f"The parameter {name} is required")


def no_matching_user() -> GraphError:
    """Say that the page has no conversation with this id: mostly the PSID of another page."""
    return bad_parameter("No matching user found", subcode=2018001)


def outside_window() -> GraphError:
    """Say that the person wrote more than 24 hours ago (7 days with the tag HUMAN_AGENT), or never."""
    return GraphError(
        "(#10) This message is sent outside of allowed window. Learn more about the new policy here:"
        " https://developers.facebook.com/docs/messenger-platform/policy-overview",
        code=10,
        subcode=2018278,
    )


def person_unavailable() -> GraphError:
    """Say that the person blocked the page, or left Facebook."""
    return GraphError("(#551) This person isn't available right now.", code=551, subcode=1545041)
