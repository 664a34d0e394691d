"""getUpdates and the webhook that excludes it.

The rules of polling are in `inbox`, those of offsets in `update_queue`.
"""

from typing import Any

from tests.simulators.telegram.errors import bad_request
from tests.simulators.telegram.inbox import Webhook
from tests.simulators.telegram.methods.call import MethodCall, method
from tests.simulators.telegram.update_kinds import read_allowed

MAX_UPDATES = 100
MAX_TIMEOUT_S = 50


async def get_updates(call: MethodCall) -> list[dict[str, Any]]:
    """Answer with updates; values out of range are moved into it rather than refused."""
    arguments, inbox = call.arguments, call.bot.inbox
    _remember_allowed(call)
    offset = arguments.integer("offset")
    limit = arguments.integer("limit", MAX_UPDATES, low=1, high=MAX_UPDATES)
    return await inbox.get_updates(offset, limit, arguments.integer("timeout", low=0, high=MAX_TIMEOUT_S))


async def set_webhook(call: MethodCall) -> bool:
    """Remember a webhook; without an address it is removed. Raises BotApiError 400 for an address without TLS."""
    arguments = call.arguments
    url = arguments.text("url")
    if url and not url.startswith("https://"):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    _remember_allowed(call)
    _drop_pending(call)
    connections = arguments.integer("max_connections", Webhook().max_connections, low=1, high=100)
    call.bot.inbox.set_webhook(Webhook(url, connections) if url else Webhook())
    return True


async def delete_webhook(call: MethodCall) -> bool:
    """Go back to polling."""
    _drop_pending(call)
    call.bot.inbox.webhook = Webhook()
    return True


async def get_webhook_info(call: MethodCall) -> dict[str, Any]:
    """Answer with the webhook and the number of updates that wait."""
    inbox = call.bot.inbox
    return {
        "url": inbox.webhook.url,
        "has_custom_certificate": inbox.webhook.has_custom_certificate,
        "pending_update_count": inbox.queue.pending(call.now),
    } | ({"max_connections": inbox.webhook.max_connections} if inbox.webhook.url else {})


def _remember_allowed(call: MethodCall) -> None:
    allowed = read_allowed(call.arguments.raw("allowed_updates"))
    if allowed is not None:
        call.bot.inbox.allowed = allowed


def _drop_pending(call: MethodCall) -> None:
    if call.arguments.flag("drop_pending_updates"):
        call.bot.inbox.queue.forget_all()


METHODS = (
    method("getUpdates", get_updates, "offset", "limit", "timeout", "allowed_updates"),
    method(
        "setWebhook",
        set_webhook,
        "url",
        "certificate",
        "ip_address",
        "max_connections",
        "allowed_updates",
        "drop_pending_updates",
        "secret_token",
    ),
    method("deleteWebhook", delete_webhook, "drop_pending_updates"),
    method("getWebhookInfo", get_webhook_info),
)
