"""One call of the Graph API after its address was read: version, object, edge, the page that the token stands for."""

from dataclasses import dataclass

from tests.simulators.graph.world import Page
from tests.simulators.ledger import Call


@dataclass(frozen=True, slots=True)
class Address:
    """Where a call goes."""

    version: str
    """Empty where the client named none."""
    object_id: str
    """Digits, or `me`."""
    edge: str
    """Empty for the object itself."""


@dataclass(frozen=True, slots=True)
class GraphCall:
    """A call with a living token."""

    call: Call
    address: Address
    page: Page
    """The page that the token belongs to."""
    now: float

    @property
    def object_id(self) -> str:
        """The object, `me` resolved."""
        return self.page.id if self.address.object_id == "me" else self.address.object_id
