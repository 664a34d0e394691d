"""Every refusal of Meta's tables by a name, for `GraphSimulator.refuse`. Values only.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes and
https://developers.facebook.com/docs/graph-api/guides/error-handling. What the simulator refuses by its own rules
is made in `errors`; here are the same numbers, and those that no rule leads to.
"""

from tests.simulators.graph import errors
from tests.simulators.graph.errors import GraphError

_DEAD = {
    "app_removed": 458,
    "checkpoint": 459,
    "password_changed": 460,
    "token_expired": 463,
    "unconfirmed_user": 464,
    "logged_out": 467,
    "role_lost": 492,
    "token_invalid": None,
}
_OTHERS: dict[str, tuple[int, int | None, str]] = {
    "session_invalid": (102, None, "Session key invalid or no longer valid"),
    "unknown_error": (1, None, "An unknown error occurred"),
    "invalid_json_reply": (1, 1357046, "Received Invalid JSON reply."),
    "temporarily_unavailable": (2, None, "Service temporarily unavailable"),
    "temporary_send_failure": (1200, None, "(#1200) Temporary send message failure. Please try again later."),
    "capability_missing": (3, None, "(#3) Application does not have the capability to make this API call."),
    "permission_denied": (10, None, "(#10) Application does not have permission for this action"),
    "permission_missing": (200, None, "(#200) Permissions error"),
    "outside_window": (10, 2018278, "(#10) This message is sent outside of allowed window."),
    "outside_window_newer": (10, 2534022, "(#10) This message is sent outside of allowed window."),
    "outside_window_news": (10, 2018065, "(#10) This message is sent outside of allowed window."),
    "cannot_receive_now": (10, 2018108, "(#10) This Person Cannot Receive Messages: This person isn't receiving"),
    "page_restricted": (10, 1893063, "(#10) The page is temporarily restricted."),
    "app_throttled": (4, None, "(#4) Application request limit reached"),
    "user_throttled": (17, None, "(#17) User request limit reached"),
    "page_throttled": (32, None, "(#32) Page request limit reached"),
    "application_limit": (341, None, "(#341) Application limit reached"),
    "custom_throttled": (613, None, "(#613) Calls to this api have exceeded the rate limit."),
    "pages_throttled": (80001, None, "(#80001) There have been too many calls to this Page account."),
    "messenger_throttled": (80006, None, "(#80006) There have been too many messenger api calls from this page."),
    "phone_sends_throttled": (4, 2018022, "(#4) Too many send requests to phone numbers"),
    "abuse_warned": (613, 2018338, "(#613) This page was warned for its rate of messages."),
    "rate_limited_newer": (613, 2534040, "(#613) Rate limit reached"),
    "bad_parameter": (100, None, "(#100) Invalid parameter"),
    "object_missing": (100, 33, "Unsupported get request. Object does not exist or permissions are missing."),
    "no_matching_user": (100, 2018001, "(#100) No matching user found"),
    "attachment_unreachable": (100, 2018008, "(#100) Failed to fetch the file from the url"),
    "message_and_action": (100, 2018014, "(#100) Message and sender_action cannot be in one call"),
    "empty_message": (100, 2018034, "(#100) Message cannot be empty"),
    "upload_failed": (100, 2018047, "(#100) Upload attachment failure."),
    "attachment_unknown": (100, 2018074, "(#100) Invalid attachment id"),
    "attachment_too_large": (100, 2018109, "(#100) Attachment size exceeds allowable limit"),
    "video_unreadable": (100, 2018294, "(#100) Video upload timed out or video corrupted"),
    "person_unavailable": (551, 1545041, "(#551) This person isn't available right now."),
    "person_unavailable_200": (200, 1545041, "(#200) This person isn't available right now."),
    "person_unavailable_plain": (551, None, "(#551) This person isn't available right now."),
    "not_live": (200, 2018028, "(#200) Cannot message users who are not admins, developers or testers of the app."),
    "policy_block": (368, None, "(#368) The action attempted has been deemed abusive or is otherwise disallowed"),
    "other_app_in_control": (2018300, None, "(#2018300) Another app is controlling this thread now."),
    "profile_unavailable": (2018218, None, "(#2018218) The profile is not available."),
    "profile_forbidden": (2018247, None, "(#2018247) Insufficient permission to access the profile."),
    "message_deleted": (9000001, None, "(#9000001) This message has been deleted."),
    "account_linking_token": (10303, None, "(#10303) Invalid account_linking_token"),
}
TRANSIENT_CODES = {1, 2, 4, 17, 32, 341, 613, 1200}
"""Which Graph marks `is_transient`; not documented, so a client must not need it."""

NAMES = tuple(_DEAD) + tuple(_OTHERS)


def named_error(name: str) -> GraphError:
    """Return the refusal of this name. Raises KeyError, which lists the names there are."""
    if name in _DEAD:
        return errors.dead_token(_DEAD[name])
    if name not in _OTHERS:
        raise KeyError(f"no refusal is called {name}; there are {', '.join(NAMES)}")
    code, subcode, words = _OTHERS[name]
    return GraphError(words, code=code, subcode=subcode, transient=code in TRANSIENT_CODES)
