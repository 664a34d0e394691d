"""What a template may look like. Rules only, for the button and the generic template; others pass unchecked.

Limits: https://developers.facebook.com/docs/messenger-platform/send-messages/templates
"""

from collections.abc import Mapping
from typing import Any

from tests.simulators.graph import errors
from tests.simulators.text_length import utf16_length

MAX_BUTTONS = 3
MAX_BUTTON_TEXT = 640
MAX_ELEMENTS = 10
MAX_ELEMENT_TEXT = 80
MAX_PAYLOAD = 1000


def check_template(payload: Mapping[str, Any]) -> None:
    """Let a proper template pass. Raises GraphError 100."""
    kind = payload.get("template_type")
    if not kind:
        raise errors.missing_parameter("message[attachment][payload][template_type]")
    if kind == "button":
        _check_button_template(payload)
    elif kind == "generic":
        _check_generic_template(payload)


def check_length(name: str, text: Any, limit: int) -> None:
    """Let a text of at most `limit` UTF-16 units pass: the strictest reading of Meta's "characters"."""
    if not isinstance(text, str):
        raise errors.bad_parameter(f"Param {name} must be a string")
    if utf16_length(text) > limit:
        raise errors.bad_parameter(f"Length of param {name} must be less than or equal to {limit}")


def _check_button_template(payload: Mapping[str, Any]) -> None:
    if not payload.get("text"):
        raise errors.missing_parameter("message[attachment][payload][text]")
    check_length("message[attachment][payload][text]", payload["text"], MAX_BUTTON_TEXT)
    _check_buttons(payload.get("buttons"), at_least=1)


def _check_generic_template(payload: Mapping[str, Any]) -> None:
    elements = payload.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= MAX_ELEMENTS:
        raise errors.bad_parameter(f"Param elements must have 1 to {MAX_ELEMENTS} items")
    for element in elements:
        _check_element(element)


def _check_element(element: Any) -> None:
    if not isinstance(element, dict) or not element.get("title"):
        raise errors.missing_parameter("message[attachment][payload][elements][title]")
    for name in ("title", "subtitle"):
        check_length(f"elements[{name}]", element.get(name, ""), MAX_ELEMENT_TEXT)
    if not any(element.get(name) for name in ("subtitle", "image_url", "default_action", "buttons")):
        raise errors.bad_parameter("Each element needs a title and at least one more property")
    _check_buttons(element.get("buttons", []), at_least=0)


def _check_buttons(buttons: Any, *, at_least: int) -> None:
    if not isinstance(buttons, list) or not at_least <= len(buttons) <= MAX_BUTTONS:
        raise errors.bad_parameter(f"Param buttons must have {at_least} to {MAX_BUTTONS} items")
    for button in buttons:
        if not isinstance(button, dict) or not button.get("type"):
            raise errors.missing_parameter("buttons[type]")
        check_length("buttons[payload]", button.get("payload", ""), MAX_PAYLOAD)
