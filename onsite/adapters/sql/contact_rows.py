"""Keeps the customers that a batch names. What a platform does not tell this time stays as it was told before."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select, update

from onsite.adapters.sql.inserts import insert_new
from onsite.adapters.sql.placing import Place, Placed
from onsite.adapters.sql.statements import AnyRow, among, fetch
from onsite.adapters.sql.tables import contacts
from onsite.core.model import MessageFact, Person

_TOLD = ("name", "username", "language")
_FIND = select(contacts).where(among(contacts.c.channel_id, "channels"), among(contacts.c.key))
_UPDATE = update(contacts).where(contacts.c.id == bindparam("_id")).values({name: bindparam(name) for name in _TOLD})


def ensure_contacts(connection: Connection, placed: Sequence[Placed]) -> dict[Place, int]:
    """Return the id of each person that `placed` names, by channel and key."""
    people = _people(placed)
    if not people:
        return {}
    in_channels = {channel_id for channel_id, _ in people}
    rows = fetch(connection, _FIND, {"among": {key for _, key in people}, "channels": in_channels})
    known = {place: row for row in rows if (place := (row.channel_id, row.key)) in people}
    changed = [(row, people[place]) for place, row in known.items() if _tells_more(people[place], row)]
    _update(connection, [{"_id": row.id, **_values(_merge(row, person))} for row, person in changed])
    ids = {place: int(row.id) for place, row in known.items()}
    return ids | _add(connection, {place: one for place, one in people.items() if place not in known})


def _people(placed: Sequence[Placed]) -> dict[Place, Person]:
    people: dict[Place, Person] = {}
    for one in placed:
        if isinstance(one.fact, MessageFact) and (person := one.fact.person) is not None:
            place = (one.channel_id, person.key)
            before = people.setdefault(place, person)
            if before is not person and _tells_more(person, before):
                people[place] = _merge(before, person)
    return people


def _tells_more(now: Person, before: Person | AnyRow) -> bool:
    return any((told := getattr(now, name)) and told != getattr(before, name) for name in _TOLD)


def _merge(before: Person | AnyRow, now: Person) -> Person:
    return Person(now.key, **{name: getattr(now, name) or getattr(before, name) for name in _TOLD})


def _values(person: Person) -> dict[str, str]:
    return {name: getattr(person, name) for name in _TOLD}


def _add(connection: Connection, people: dict[Place, Person]) -> dict[Place, int]:
    rows = [{"channel_id": channel_id, "key": key, **_values(person)} for (channel_id, key), person in people.items()]
    added = insert_new(connection, contacts, rows, contacts.c.channel_id, contacts.c.key, contacts.c.id)
    return {(row.channel_id, row.key): int(row.id) for row in added}


def _update(connection: Connection, rows: list[dict[str, object]]) -> None:
    if rows:
        connection.execute(_UPDATE, rows)
