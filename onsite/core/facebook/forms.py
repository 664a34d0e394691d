"""What a customer filled in, as lines of text: an order, feedback, an address. Reads whatever stands there.

Source: https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks
(`messaging_feedback`, `messaging_customer_information`, `send_cart`)
"""

from collections.abc import Iterator

from shared.lenient import JsonObject, as_list, as_number, as_object, as_text


def order_text(order: JsonObject) -> str:
    """Write what was ordered, a line for each product, and the note below."""
    products = map(as_object, as_list(order.get("products")))
    return _lines([*map(_product, products), as_text(order.get("note"))])


def feedback_text(feedback: JsonObject) -> str:
    """Write the answers to a feedback form: `csat: 5`, and what was written with it."""
    return _lines(_feedback(feedback))


def information_text(information: JsonObject) -> str:
    """Write the answers to a form: `key: value`."""
    screens = map(as_object, as_list(information.get("screens")))
    responses = [as_object(each) for screen in screens for each in as_list(screen.get("responses"))]
    return _lines(_pair(as_text(each.get("key")), as_text(each.get("value"))) for each in responses)


def _feedback(feedback: JsonObject) -> Iterator[str]:
    for screen in map(as_object, as_list(feedback.get("feedback_screens"))):
        for name, question in as_object(screen.get("questions")).items():
            asked = as_object(question)
            yield _pair(as_text(asked.get("type")) or as_text(name), as_text(asked.get("payload")))
            yield as_text(as_object(asked.get("follow_up")).get("payload"))


def _product(product: JsonObject) -> str:
    """Write `2 x Lamp, 40 EUR each`."""
    name = as_text(product.get("name")) or as_text(product.get("retailer_id")) or "product"
    quantity = as_text(product.get("quantity")) or "1"
    price = as_number(product.get("unit_price"))
    each = "" if price is None else f", {price:g} {as_text(product.get('currency'))}".rstrip() + " each"
    return f"{quantity} x {name}{each}"


def _pair(name: str, value: str) -> str:
    return ": ".join(filter(None, (name, value)))


def _lines(lines: Iterator[str] | list[str]) -> str:
    return "\n".join(filter(None, lines))
