"""Turns rows of gaps into the values that the engine, people and programs get to see."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, select

from onsite.adapters.sql.statements import AnyRow
from onsite.adapters.sql.tables import channels, gap_threads, gaps
from onsite.core.gap import Span
from onsite.engine.gaps import Gap, GapState, GapView, ThreadRead, ThreadState

SHOWN_THREADS = 100
"""How many threads with something missing are shown of one gap; all are counted."""


def gap_rows() -> Select[*tuple[Any, ...]]:
    """Select what `gap_of` reads."""
    return select(gaps, channels.c.external_id).join(channels)


def gap_of(row: AnyRow) -> Gap:
    """Read a row of `gap_rows`."""
    return Gap(
        id=row.id,
        channel_id=row.channel_id,
        page_id=row.external_id,
        span=Span(row.since_ms, row.until_ms),
        reason=row.reason,
        state=GapState(row.state),
        sentence=row.sentence,
        listed=bool(row.listed),
        merged_into=row.merged_into,
        not_before_ms=row.not_before_ms,
        ended_at_ms=row.ended_at_ms,
    )


def views_of(connection: Connection, found: Sequence[Gap]) -> list[GapView]:
    """Show gaps with what came of them."""
    return [_view(connection, gap) for gap in found]


def _view(connection: Connection, gap: Gap) -> GapView:
    mine = gap_threads.c.gap_id == gap.id
    totals = connection.execute(
        select(
            func.count(),
            func.count().filter(gap_threads.c.state == ThreadState.DONE),
            func.coalesce(func.sum(gap_threads.c.found), 0),
            func.count().filter(gap_threads.c.missing > 0),
            func.coalesce(func.sum(gap_threads.c.missing), 0),
        ).where(mine)
    ).one()
    threads, read, found, beyond, missing = map(int, totals)
    worst = select(gap_threads).where(mine, gap_threads.c.missing > 0)
    rows = connection.execute(worst.order_by(gap_threads.c.missing.desc(), gap_threads.c.id).limit(SHOWN_THREADS))
    lost = [ThreadRead(row.thread_id, row.contact, row.found, row.missing) for row in rows]
    return GapView(gap, threads, read, found, lost, beyond, missing)
