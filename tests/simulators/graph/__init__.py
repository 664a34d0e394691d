"""The simulated Graph API, login dialog, webhooks and callbacks of Facebook.

simulator      the façade: what tests hold in their hands
app, world, admins, tokens      what there is: the dashboard, pages and customers, those who run pages, who may call
customers, fate      what happens: people write, as webhooks; tokens die
webhooks, delivery_watch, callbacks, signed_request, http_sender      what Meta sends
events, meta_json      its shapes and signatures
api, service, objects, request      addresses, tokens, objects, dispatch
login/      the dialog and the code exchange
accounts, app_subscriptions, conversations, inspection, nodes, send, subscriptions      the edges
named_errors, usage      refusals and headers on request
access, errors, fields, fields_of_page, hearing, message_attachments, pace, paging, send_rules, templates, threads,
versions      rules and shapes, pure
"""

from tests.simulators.graph.admins import FULL_CONTROL, Admin, Business
from tests.simulators.graph.app import Alert, App
from tests.simulators.graph.callbacks import deletion_answer
from tests.simulators.graph.errors import GraphError
from tests.simulators.graph.fields_of_page import MESSAGING_FIELDS
from tests.simulators.graph.http_sender import DeliveryResult
from tests.simulators.graph.signed_request import Flaw
from tests.simulators.graph.simulator import GraphSimulator
from tests.simulators.graph.world import Page, Person, Said

__all__ = [
    "FULL_CONTROL",
    "MESSAGING_FIELDS",
    "Admin",
    "Alert",
    "App",
    "Business",
    "DeliveryResult",
    "Flaw",
    "GraphError",
    "GraphSimulator",
    "Page",
    "Person",
    "Said",
    "deletion_answer",
]
