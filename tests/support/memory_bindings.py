"""Outboxes and bindings in memory: what binding, unbinding and moving pages need of the store, as the scripts do it.

`tests.support.memory_outboxes` adds what fills and drains them.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from relay.core.change import Mandate
from relay.core.errors import ChangeOvertaken, StoreUnavailable
from relay.core.limits import DEAD_LIMITS, OUTBOX_LIMITS, Limits, LossReason, Part
from relay.core.outbox import Entry, holding_of
from relay.core.webhook import Incoming
from relay.engine.handover import TakenOut
from shared.clock import Clock
from shared.page_events import ABOUT_ONE_SITE
from tests.support.memory_outbox import Outbox, order


class MemoryBindings:
    """Fits `BindingStore` and `HandoverStore`."""

    def __init__(self, clock: Clock, *, limits: Limits = OUTBOX_LIMITS, dead_limits: Limits = DEAD_LIMITS) -> None:
        self.limits = {Part.WAITING: limits, Part.DEAD: dead_limits}
        self.alarms: list[tuple[str, Mapping[LossReason, int]]] = []
        """What was told of losses, as `engine.losses.OnLoss` would be."""
        self.boxes: dict[str, Outbox] = {}
        self.looks: dict[str, int] = {}
        """When each outbox is looked at next, in ms; 0 where it is marked."""
        self.bindings: dict[str, str] = {}
        self.reserved: dict[str, str] = {}
        self.gates: dict[str, int] = {}
        """The number of the last change that wrote to these two, for each page."""
        self.calls: list[str] = []
        self.broken = False
        """Every call raises StoreUnavailable meanwhile."""
        self.before_call: Callable[[str], None] = lambda _name: None
        """Called with the name of each call before it does anything; may raise."""
        self._clock = clock
        self._number = 0

    def box(self, name: str) -> Outbox:
        """Return one outbox."""
        return self.boxes.setdefault(name, Outbox())

    def payloads(self, name: str) -> list[bytes]:
        """Return what waits in an outbox, oldest first."""
        return [entry.payload for entry in self.box(name).entries]

    # BindingStore

    async def owners(self, page_ids: Sequence[str]) -> Mapping[str, str]:
        """See the port."""
        self._called("owners")
        return {page: self.bindings[page] for page in page_ids if page in self.bindings}

    async def reserved_by(self, page_id: str) -> str | None:
        """See the port."""
        self._called("reserved_by")
        return self._owner(page_id)

    async def enter(self, mandate: Mandate) -> str | None:
        """See the port."""
        self._called("enter")
        self._pass(mandate, self.gates)
        return self._owner(mandate.page_id)

    async def fence(self, mandate: Mandate, outbox: str) -> None:
        """See the port."""
        self._called("fence")
        self._pass(mandate, self.box(outbox).gates)
        self.box(outbox).fenced.add(mandate.page_id)

    async def leave(self, mandate: Mandate, site: str) -> None:
        """See the port."""
        self._called("leave")
        box = self.box(site)
        self._pass(mandate, box.gates)
        box.fenced.add(mandate.page_id)
        box.left_to[mandate.page_id] = box.entries[-1].id if box.entries else "0-0"

    async def open(self, mandate: Mandate, outbox: str) -> None:
        """See the port."""
        self._called("open")
        self._pass(mandate, self.box(outbox).gates)
        self.box(outbox).fenced.discard(mandate.page_id)

    async def reserve(self, mandate: Mandate, site: str) -> str:
        """See the port."""
        self._called("reserve")
        self._pass(mandate, self.gates)
        return self.bindings.get(mandate.page_id) or self.reserved.setdefault(mandate.page_id, site)

    async def write(self, mandate: Mandate, site: str) -> str:
        """See the port."""
        self._called("write")
        self._pass(mandate, self.gates)
        page_id = mandate.page_id
        owner = self.bindings.get(page_id) or self.reserved.pop(page_id, site)
        (self.bindings if owner == site else self.reserved)[page_id] = owner
        return owner

    async def erase(self, mandate: Mandate, site: str) -> None:
        """See the port."""
        self._called("erase")
        self._pass(mandate, self.gates)
        for sites in (self.bindings, self.reserved):
            if sites.get(mandate.page_id) == site:
                del sites[mandate.page_id]

    async def move(self, mandate: Mandate, site: str, *, limit: int) -> int:
        """See the port."""
        box, holding = self.box(site), self.box(holding_of(mandate.page_id))
        self._called("move")
        moved = holding.entries[:limit]
        if moved:
            self._pass(mandate, box.gates)
            self.looks[site] = 0
            box.entries += [each._replace(id=self._new_id(), arrived_ms=each.accepted_at_ms) for each in moved]
            self._alarm(site, box.trim(Part.WAITING, self.limits[Part.WAITING], now=self._clock()))
            del holding.entries[: len(moved)]
        return len(moved)

    # HandoverStore

    async def hand_over(self, mandate: Mandate, source: str, site: str) -> str:
        """See the port."""
        self._called("hand_over")
        self._pass(mandate, self.gates)
        page_id = mandate.page_id
        if self._owner(page_id) == source:
            self.bindings.pop(page_id, None)
            self.reserved[page_id] = site
        return self._owner(page_id) or ""

    async def tell(self, mandate: Mandate, site: str, event: Incoming) -> None:
        """See the port."""
        self._called("tell")
        self._pass(mandate, self.box(site).gates)
        self.looks[site] = 0
        self.box(site).entries.append(Entry(self._new_id(), *event))
        self._alarm(site, self.box(site).trim(Part.WAITING, self.limits[Part.WAITING], now=self._clock()))

    async def take_out(self, mandate: Mandate, source: str, *, below: str, limit: int) -> TakenOut:
        """See the port."""
        self._called("take_out")
        box, page_id = self.box(source), mandate.page_id
        self._pass(mandate, box.gates)
        looked_at = [each for each in box.entries if below == "+" or order(each.id) < order(below)][-limit:]
        its_own = [each for each in looked_at if each.page_id == page_id and each.kind not in ABOUT_ONE_SITE]
        taken = [each for each in its_own if not box.stays(each)]
        box.entries = [each for each in box.entries if each not in taken]
        box.leaving[page_id] = taken + box.leaving.get(page_id, [])
        go_on = looked_at[0].id if len(looked_at) == limit else ""
        return TakenOut(go_on, len(taken), len(its_own) - len(taken))

    async def bring(self, mandate: Mandate, source: str, outbox: str, *, limit: int) -> int:
        """See the port."""
        self._called("bring")
        leaving, box = self.box(source).leaving.get(mandate.page_id, []), self.box(outbox)
        brought = leaving[:limit]
        if brought:
            self._pass(mandate, box.gates)
            self.looks[outbox] = 0
            box.entries += [each._replace(id=self._new_id(), arrived_ms=each.accepted_at_ms) for each in brought]
            self._alarm(outbox, box.trim(Part.WAITING, self.limits[Part.WAITING], now=self._clock()))
            del leaving[: len(brought)]
        return len(brought)

    def _owner(self, page_id: str) -> str | None:
        return self.bindings.get(page_id) or self.reserved.get(page_id)

    def _pass(self, mandate: Mandate, gates: dict[str, int]) -> None:
        if gates.get(mandate.page_id, 0) > mandate.number:
            raise ChangeOvertaken(mandate.page_id)
        gates[mandate.page_id] = mandate.number

    def _called(self, name: str) -> None:
        self.before_call(name)
        if self.broken:
            raise StoreUnavailable("the store is away")
        self.calls.append(name)

    def _alarm(self, name: str, lost: Counter[LossReason]) -> None:
        if lost:
            self.alarms.append((name, dict(lost)))

    def _new_id(self) -> str:
        self._number += 1
        return f"{self._now_ms()}-{self._number}"

    def _now_ms(self) -> int:
        return round(self._clock() * 1000)
