"""`POST /{page}/messages` and `POST /{page}/message_attachments`: carries out what the rules let pass."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulators.graph import errors
from tests.simulators.graph.request import Edge, Edges, GraphCall
from tests.simulators.graph.send_rules import KNOWN_PARAMETERS, Sending, read_message, read_sending
from tests.simulators.graph.world import Page, Person, Said, World, new_mid
from tests.simulators.parameters import Upload

ATTACHMENT_LIFETIME_S = 90 * 24 * 3600
"""Attachment ids end after 90 days and are private to their page."""


PERMISSIONS = ("pages_messaging",)
TASKS = ("MESSAGING", "MANAGE")


@dataclass(frozen=True, slots=True)
class SavedAttachment:
    """An attachment that can be sent by its id."""

    page_id: str
    saved_at: float
    upload: Upload | None
    """The file, where it was uploaded rather than given by address."""


class SendApi:
    """Sends messages on behalf of one app."""

    def __init__(self, world: World, *, app_id: str) -> None:
        self._world = world
        self._app_id = app_id
        self.attachments: dict[str, SavedAttachment] = {}

    def edges(self) -> Edges:
        """Tell what is answered here."""
        return {
            ("POST", Page, "messages"): Edge(self.send, KNOWN_PARAMETERS),
            ("POST", Page, "message_attachments"): Edge(self.save_attachment, KNOWN_PARAMETERS),
        }

    def send(self, request: GraphCall) -> dict[str, Any]:
        """Send a message or a sender action. Raises GraphError."""
        request.page(PERMISSIONS, TASKS)
        call = request.call
        sending = read_sending(call.params, has_file="filedata" in call.files)
        person = self._recipient(request, sending)
        if sending.sender_action:
            return {"recipient_id": person.psid}
        self._check_attachment_id(request, sending.message)
        said = Said(person.page_id, person.psid, False, new_mid(), sending.message, request.now, self._app_id)
        self._world.say(said)
        return {"recipient_id": person.psid, "message_id": said.mid} | self._saved(request, sending.message)

    def save_attachment(self, request: GraphCall) -> dict[str, Any]:
        """Keep an attachment for later. Raises GraphError."""
        request.page(PERMISSIONS, TASKS)
        message = read_message(request.call.params.get("message"), has_file="filedata" in request.call.files)
        if "attachment" not in message:
            raise errors.missing_parameter("message[attachment]")
        return {"attachment_id": self._save(request)}

    def _recipient(self, request: GraphCall, sending: Sending) -> Person:
        person = self._world.person(request.target(Page).id, sending.psid)
        if person is None:
            raise errors.no_matching_user()
        if person.unavailable:
            raise errors.person_unavailable()
        last = person.last_inbound_at
        if last is None or request.now - last > sending.window_s():
            raise errors.outside_window()
        return person

    def _check_attachment_id(self, request: GraphCall, message: Mapping[str, Any]) -> None:
        payload = (message.get("attachment") or {}).get("payload") or {}
        if "attachment_id" not in payload:
            return
        saved = self.attachments.get(str(payload["attachment_id"]))
        fits = saved is not None and saved.page_id == request.target(Page).id
        if saved is None or not fits or request.now - saved.saved_at > ATTACHMENT_LIFETIME_S:
            raise errors.bad_parameter("Invalid attachment id", subcode=2018074)

    def _saved(self, request: GraphCall, message: Mapping[str, Any]) -> dict[str, Any]:
        payload = (message.get("attachment") or {}).get("payload") or {}
        return {"attachment_id": self._save(request)} if payload.get("is_reusable") is True else {}

    def _save(self, request: GraphCall) -> str:
        attachment_id = str(700_000_000_000_001 + len(self.attachments))
        upload = request.call.files.get("filedata")
        self.attachments[attachment_id] = SavedAttachment(request.target(Page).id, request.now, upload)
        return attachment_id
