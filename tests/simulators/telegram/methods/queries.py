"""answerCallbackQuery.

https://core.telegram.org/bots/api#answercallbackquery
"""

from tests.simulators.telegram.errors import bad_request
from tests.simulators.telegram.methods.call import MethodCall, method

MAX_NOTICE = 200
ANSWERABLE_FOR_S = 900
"""How long a query may be answered. Telegram does not say; some minutes are seen."""


async def answer_callback_query(call: MethodCall) -> bool:
    """End the wait of someone who pressed a button. Raises BotApiError 400."""
    asked_at = call.bot.queries.get(call.arguments.text("callback_query_id"))
    if asked_at is None or call.now - asked_at > ANSWERABLE_FOR_S:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    if len(call.arguments.text("text")) > MAX_NOTICE:
        raise bad_request("MESSAGE_TOO_LONG")
    return True


METHODS = (
    method(
        "answerCallbackQuery", answer_callback_query, "cache_time", "callback_query_id", "show_alert", "text", "url"
    ),
)
