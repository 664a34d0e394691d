"""Every benchmark, by name, in the order in which they run."""

from tests.bench.benches import accept, drain, isolation, latency, memory, outbox, rivals
from tests.bench.plan import Bench

BENCHES: dict[str, Bench] = {
    module.BENCH.name: module.BENCH for module in (accept, rivals, latency, isolation, drain, outbox, memory)
}
