"""RQ's job, in a module of its own: RQ finds a function by its module's name, which `__main__` is not."""

from tests.bench.rivals.job import new_courier

_deliver = new_courier()


def deliver(*fields: str) -> None:
    """Post one event. Raises what goes wrong: the benchmark then ends, as the event never arrives."""
    _deliver(*fields)
