"""How many statements a batch takes, counted as SQLite is given them."""

from tests.integration.onsite.store import Store, event, said


def _without_inserts(statements: list[str]) -> int:
    return sum(not statement.startswith("INSERT") for statement in statements)


async def test_a_larger_batch_takes_more_inserts_and_nothing_else(store: Store, statements: list[str]) -> None:
    await store.take(*(event(f"e{n}", said(f"m{n}", who=f"p{n}")) for n in range(2)))
    small = _without_inserts(statements)
    statements.clear()

    await store.take(*(event(f"f{n}", said(f"x{n}", who=f"q{n}")) for n in range(200)))

    assert 0 < _without_inserts(statements) <= small
