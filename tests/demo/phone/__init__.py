"""The customer's phone: a page on which a person types as a Messenger or a Telegram customer and sees replies arrive.

It stands on the simulators, in the same process, and knows nothing of relay and site: what appears here has come
through the platforms.
"""

from tests.demo.phone.app import Personas, phone_app

__all__ = ["Personas", "phone_app"]
