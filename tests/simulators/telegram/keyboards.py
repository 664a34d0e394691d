"""What a `reply_markup` may be. Rules only.

https://core.telegram.org/bots/api#inlinekeyboardbutton
"""

from typing import Any

from tests.simulators.telegram.arguments import Arguments
from tests.simulators.telegram.errors import bad_request

KEYBOARDS = ("inline_keyboard", "keyboard", "remove_keyboard", "force_reply")
MAX_CALLBACK_BYTES = 64
INLINE_ACTIONS = (
    "callback_data",
    "callback_game",
    "copy_text",
    "login_url",
    "pay",
    "switch_inline_query",
    "switch_inline_query_chosen_chat",
    "switch_inline_query_current_chat",
    "url",
    "web_app",
)


def read_markup(arguments: Arguments) -> dict[str, Any]:
    """Read the markup; an empty object where there is none. Raises BotApiError 400."""
    try:
        markup = arguments.document("reply_markup")
    except ValueError:
        raise bad_request("can't parse reply keyboard markup JSON object") from None
    if not markup:
        return {}
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    for button in _buttons(markup.get("inline_keyboard", [])):
        _check_inline_button(button)
    for button in _buttons(markup.get("keyboard", [])):
        if not (button if isinstance(button, str) else button.get("text")):
            raise bad_request('can\'t parse keyboard button: Field "text" must be of type String')
    return markup


def visible_markup(markup: dict[str, Any]) -> dict[str, Any]:
    """Return what of a markup comes back in the message: inline keyboards only."""
    inline = markup.get("inline_keyboard")
    return {"reply_markup": {"inline_keyboard": inline}} if inline else {}


def _buttons(rows: Any) -> list[Any]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request("can't parse inline keyboard button: expected an Array of Array of buttons")
    return [button for row in rows for button in row]


def _check_inline_button(button: Any) -> None:
    if not isinstance(button, dict) or not button.get("text"):
        raise bad_request('can\'t parse inline keyboard button: Field "text" must be of type String')
    actions = [name for name in INLINE_ACTIONS if name in button]
    if len(actions) != 1:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if "callback_data" in button and not 1 <= len(str(button["callback_data"]).encode()) <= MAX_CALLBACK_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
