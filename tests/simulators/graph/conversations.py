"""`/{page}/conversations`, `/{thread}`, `/{thread}/messages`, `/{message}`: two calls a second for a page, no more.

https://developers.facebook.com/docs/graph-api/reference/page/conversations
"""

from typing import Any

from tests.simulators.graph import errors
from tests.simulators.graph.fields import Field
from tests.simulators.graph.pace import Pace
from tests.simulators.graph.request import LIST_PARAMETERS, Edge, Edges, GraphCall
from tests.simulators.graph.threads import (
    MAX_MESSAGES,
    MESSAGE_FIELDS,
    THREAD_FIELDS,
    Thread,
    ThreadMessage,
    show_message,
    show_thread,
    threads_of,
)
from tests.simulators.graph.world import Page, World

PERMISSIONS = ("pages_messaging", "pages_manage_metadata", "pages_read_engagement")
TASKS = ("MESSAGING", "MODERATE", "MANAGE")
PLATFORM = "messenger"
MAX_THREADS = 200
KNOWN_PARAMETERS = LIST_PARAMETERS | {"platform", "user_id", "folder", "tags", "updated_after_ms", "updated_before_ms"}
CALLS_PER_S = 2.0
"""https://developers.facebook.com/documentation/business-messaging/messenger-platform/overview/rate-limiting"""


class Conversations:
    """The edges of reading."""

    def __init__(self, world: World) -> None:
        self.pace = Pace(CALLS_PER_S)
        self.honours_times = True
        """Whether `updated_after_ms` and `updated_before_ms` have an effect: in Meta's SDK, not in its documents."""
        self._world = world

    def edges(self) -> Edges:
        """Tell what is answered here."""
        return {
            ("GET", Page, "conversations"): Edge(self.list, KNOWN_PARAMETERS),
            ("GET", Thread, ""): Edge(self.thread, frozenset({"fields"})),
            ("GET", Thread, "messages"): Edge(self.messages, LIST_PARAMETERS),
            ("GET", ThreadMessage, ""): Edge(self.message, frozenset({"fields"})),
            ("GET", ThreadMessage, "attachments"): Edge(self.attachments, LIST_PARAMETERS),
        }

    def list(self, request: GraphCall) -> dict[str, Any]:
        """List the threads of a page. Raises GraphError 200, 210, 80006."""
        page = request.page()
        self._admit(request, page)
        if request.params.get("platform", PLATFORM) not in (PLATFORM, PLATFORM.upper()):
            return {"data": []}
        fields = request.fields(THREAD_FIELDS)
        threads = [thread for thread in threads_of(self._world, page) if self._is_asked(thread, request)]
        return request.listing(threads, lambda one: one.id, lambda one: show_thread(one, fields), max_limit=MAX_THREADS)

    def thread(self, request: GraphCall) -> dict[str, Any]:
        """Tell of a thread, with its messages where they are asked for."""
        thread = request.target(Thread)
        self._admit(request, thread.page)
        return show_thread(thread, request.fields(THREAD_FIELDS))

    def messages(self, request: GraphCall) -> dict[str, Any]:
        """List the messages of a thread, newest first."""
        thread = request.target(Thread)
        self._admit(request, thread.page)
        fields = request.fields(MESSAGE_FIELDS)
        return request.listing(
            thread.said,
            lambda said: said.mid,
            lambda said: show_message(ThreadMessage(said, thread), fields),
            max_limit=MAX_MESSAGES,
        )

    def message(self, request: GraphCall) -> dict[str, Any]:
        """Tell of one message. Raises GraphError 9000001 for one that cannot be read any more."""
        return show_message(self._readable(request), request.fields(MESSAGE_FIELDS))

    def attachments(self, request: GraphCall) -> dict[str, Any]:
        """List the attachments of a message, with addresses that are fresh. Raises GraphError 9000001."""
        shown = show_message(self._readable(request), (Field("attachments"),))
        return {"data": shown.get("attachments", {"data": []})["data"]}

    def _readable(self, request: GraphCall) -> ThreadMessage:
        message = request.target(ThreadMessage)
        self._admit(request, message.thread.page)
        if not message.is_readable:
            raise errors.message_deleted()
        return message

    def _admit(self, request: GraphCall, page: Page) -> None:
        request.check(page.id, PERMISSIONS, TASKS)
        if not self.pace.admits(page.id, request.now):
            raise errors.page_throttled()

    def _is_asked(self, thread: Thread, request: GraphCall) -> bool:
        user_id = request.params.get("user_id")
        if user_id and str(user_id) != thread.person.psid:
            return False
        updated_ms = thread.updated_at * 1000
        after, before = (_moment(request, name) for name in ("updated_after_ms", "updated_before_ms"))
        return not self.honours_times or (after or 0) < updated_ms < (before or float("inf"))


def _moment(request: GraphCall, name: str) -> float:
    text = str(request.params.get(name) or "0")
    if not (text.isascii() and text.isdigit()):
        raise errors.bad_parameter(f"Param {name} must be an integer")
    return float(text)
