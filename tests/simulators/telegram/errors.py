"""What the Bot API answers when it refuses: status, description, parameters. Pure.

Descriptions are those of the server (telegram-bot-api, Client.cpp) and of bots in the wild; as they may change a
little, clients match them on substrings, whatever their case.
"""

from typing import Any

from tests.simulators.faults import Answer

TERMINATED_BY_POLL = "terminated by other getUpdates request; make sure that only one bot instance is running"
TERMINATED_BY_WEBHOOK = "terminated by setWebhook request"
WEBHOOK_ACTIVE = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


class BotApiError(Exception):
    """A call is refused; nothing happened."""

    def __init__(
        self, status: int, description: str, *, retry_after: int | None = None, migrate_to_chat_id: int | None = None
    ) -> None:
        super().__init__(description)
        self.status, self.description = status, description
        self.retry_after, self.migrate_to_chat_id = retry_after, migrate_to_chat_id

    def answer(self) -> Answer:
        """Write it as the server does; 429 also has the header Retry-After."""
        told = {"retry_after": self.retry_after, "migrate_to_chat_id": self.migrate_to_chat_id}
        parameters = {name: value for name, value in told.items() if value is not None}
        body: dict[str, Any] = {"ok": False, "error_code": self.status, "description": self.description}
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return Answer.of_json(
            body | ({"parameters": parameters} if parameters else {}), status=self.status, headers=headers
        )


def bad_request(reason: str) -> BotApiError:
    """Refuse a call for what it says."""
    return BotApiError(400, f"Bad Request: {reason}")


def unauthorized() -> BotApiError:
    """Refuse a token that looks right and is not known, or was revoked."""
    return BotApiError(401, "Unauthorized")


def forbidden(reason: str) -> BotApiError:
    """Refuse to write into a chat."""
    return BotApiError(403, f"Forbidden: {reason}")


def not_found() -> BotApiError:
    """Refuse an address that is none, or a token that cannot be one."""
    return BotApiError(404, "Not Found")


def method_not_found() -> BotApiError:
    """Refuse a method that does not exist."""
    return BotApiError(404, "Not Found: method not found")


def conflict(reason: str) -> BotApiError:
    """Refuse one of two who want the same updates."""
    return BotApiError(409, f"Conflict: {reason}")


def too_many_requests(retry_after: int) -> BotApiError:
    """Ask to come back after so many seconds."""
    return BotApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


def restart() -> BotApiError:
    """Refuse because the server goes down."""
    return BotApiError(500, "Internal Server Error: restart")


def migrated(new_chat_id: int) -> BotApiError:
    """Refuse to write into a group that has become a supergroup."""
    return BotApiError(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=new_chat_id)
