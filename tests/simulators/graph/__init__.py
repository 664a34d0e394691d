"""The simulated Graph API and its webhooks.

simulator      the façade: what tests hold in their hands
customers      what people do, as webhooks
webhooks       signing and posting
events         the shapes of events
api            addresses, tokens, dispatch
send, subscriptions, nodes      the edges
send_rules, templates, access, versions, errors, meta_json      rules, pure
world          pages, people, tokens, what was said
"""

from tests.simulators.graph.errors import GraphError
from tests.simulators.graph.simulator import GraphSimulator
from tests.simulators.graph.webhooks import DeliveryResult
from tests.simulators.graph.world import MESSAGING_FIELDS, Page, Person, Said

__all__ = ["MESSAGING_FIELDS", "DeliveryResult", "GraphError", "GraphSimulator", "Page", "Person", "Said"]
