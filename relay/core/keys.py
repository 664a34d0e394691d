"""Every Redis key of the relay: its name, type, writers, readers and life. No other file spells a key.

What belongs to one outbox shares the hash tag `{o}` (the site's name, or `~` and the page's id while no site claims the
page) and so lives in one slot of a Redis Cluster: scripts touch one outbox and nothing else.

    key                 type    holds                                    writers                readers         life
    relay:{o}:outbox    stream  waiting events: p page, k kind, d item,  append, settle, sift,  settle, status  [1]
                                t ms of arrival if it moved since,       retain, bind, move
                                r 1 if it was a dead letter
    relay:{o}:lease     string  token of the one drain that may run      append, settle, park   the same        [2]
    relay:{o}:delivery  hash    state, failures, next_attempt_ms, bytes  settle, park, ready,   append, status  for good
                                of both streams, last id in flight, …    append
    relay:{o}:dead      stream  refused events with their reasons: as    settle, sift           operators       [1]
                                above, and id where it waited, why
    relay:{o}:losses    hash    reason → how many were lost, ms of last  append, retain, sift   status          for good
    relay:{o}:fenced    set     pages whose events now go elsewhere      bind, unbind, move     append          for good
    relay:{o}:gates     hash    page → number of the last change of its  bind, unbind, move     the same        for good
                                binding that wrote here; also with
                                relay:bindings and relay:pages in the
                                place of o; page:left → id up to which
                                an unbind left its events here;
                                page:put → what was moved here last
    relay:{o}:leaving:page  list  what waited here of a page that moves  move                   move            [12]
                                to another site: kind, item, ms of
                                arrival, id of each, oldest first
    relay:sites         hash    site → record (JSON, secrets sealed)     site commands          push, status    for good
    relay:{relay:sites}:removed  zset  site → ms when it was removed     site remove            site add        [15]
    relay:secret-uses   hash    site → mark of the secret it calls with,   web process     status          until the
                                since when; no secret; while it rotates                                    rotation ends
    relay:bindings      hash    page → site, or ~site: reserved for it   bind, unbind, move     intake, status  for good
    relay:pages         hash    page → how and by whom it was connected  connect, disconnect,   the same,       for good
                                (JSON, its token sealed)                 move                   withdrawals
    relay:audits        hash    page → what its audits found (JSON)      watchdog               the same,       [13]
                                                                                                status
    relay:audit-times   zset    page → ms of its next audit              watchdog, operators    watchdog        [13]
    relay:pulse         string  ms at which a web process last could     pulse                  pulse           for good
                                take events, by Redis' clock
    relay:{relay:pulse}:outages  zset  times in which none could:        pulse                  watchdog        [14]
                                `from-to`, both in ms → to
    relay:changes       hash    page → change of its binding under way   bind, unbind, move,    sweep           [6]
                                                                         replay, intake
    relay:{relay:changes}:number  string  number of the last change      bind, unbind, move     the same        for good
    relay:backlog       zset    outbox → ms of its next look, 0 = now    append, claim, sweep   sweep, status   [3]
    relay:{relay:backlog}:sweeper  string  rank and token of the sweeper  sweep                 sweep           [7]
    relay:dead-letters  zset    outbox that may have dead letters → [8]  settle, sift           retain, status  [3]
    relay:losses        zset    unclaimed page that may have losses → 0  append, retain, sift   operators       for good
    relay:retention     string  that somebody looks after the limits     retain                 retain          [9]
    relay:connect:{o}   string  a login in the browser: for which site,  connect             connect         [10]
                                how far it is, hashes of what must come
                                back, pages' tokens sealed
    relay:deletion:{o}  string  ms when a person's data were deleted     withdrawals            status page     [11]
    relay:odd           stream  webhook entries that cannot be routed,   intake                 operators       [4]
                                and items nested too deep
    relay:health        string  proof that a write succeeds              readiness check        nobody          [5]
    relay:probes        hash    site → id of its job, in RQ's Redis      retry lane             retry lane      for good
    rq:*                RQ's    the schedule of probes; never an event   retry lane             workers         RQ's

    [1] until acknowledged, dropped, moved, or beyond `core.limits`   [2] `core.lease.LEASE_TTL_MS`   [3] cleared by the
    sweep, or by retention   [4] the newest ODD_KEPT   [5] HEALTH_TTL_S   [6] erased by the change's last step
    [7] `engine.sweep.SWEEPER_TTL_S`; the tag puts it into the slot of `relay:backlog`, as one script touches both
    [8] 0 = marked, else ms of when it was seen empty   [9] half of `engine.retention.RETAIN_EVERY_S`
    [10] here o is the ticket's SHA-256; `core.connecting.ticket.TICKET_TTL_S` after its last step
    [11] here o is the confirmation code; `core.deletion.RECEIPT_TTL_S`
    [12] until it is all at the page's new site, within the change
    [13] erased with the page, by its next audit   [14] the newest OUTAGES_KEPT
    [15] `adapters.redis_sites.NAME_RESTS_S`, erased when the next site is added

What is for good stays until its site is removed; fences and gates stay also then (decision 0034).
"""

SITES = "relay:sites"
REMOVED = "relay:{relay:sites}:removed"
SECRET_USES = "relay:secret-uses"  # noqa: S105  a key's name, not a secret
BINDINGS = "relay:bindings"
PAGES = "relay:pages"
AUDITS = "relay:audits"
AUDIT_TIMES = "relay:audit-times"
PULSE = "relay:pulse"
OUTAGES = "relay:{relay:pulse}:outages"
CHANGES = "relay:changes"
CHANGE_NUMBER = "relay:{relay:changes}:number"
BACKLOG = "relay:backlog"
SWEEPER = "relay:{relay:backlog}:sweeper"
DEAD_LETTERS = "relay:dead-letters"
LOSSES = "relay:losses"
RETENTION = "relay:retention"
ODD = "relay:odd"
HEALTH = "relay:health"
PROBES = "relay:probes"

HEALTH_TTL_S = 60

OUTAGES_KEPT = 20
"""Outages of the relay in `OUTAGES`; each page's audit looks at them within the hour."""

ODD_KEPT = 10_000
"""Entries kept in `relay:odd`; they are evidence of something new at Meta, not messages that somebody waits for."""


def outbox(name: str) -> str:
    """Name the stream of waiting events."""
    return f"relay:{{{name}}}:outbox"


def lease(name: str) -> str:
    """Name the lease."""
    return f"relay:{{{name}}}:lease"


def delivery(name: str) -> str:
    """Name the delivery state."""
    return f"relay:{{{name}}}:delivery"


def dead(name: str) -> str:
    """Name the stream of dead letters."""
    return f"relay:{{{name}}}:dead"


def losses(name: str) -> str:
    """Name the counts of what was lost."""
    return f"relay:{{{name}}}:losses"


def fenced(name: str) -> str:
    """Name the set of pages that this outbox takes no events of."""
    return f"relay:{{{name}}}:fenced"


def gates(name: str) -> str:
    """Name the numbers of the changes that wrote last: to this outbox, or to BINDINGS or PAGES, in their slot."""
    return f"relay:{{{name}}}:gates"


def connect_session(session_id: str) -> str:
    """Name a login in the browser by the hash of its ticket."""
    return f"relay:connect:{{{session_id}}}"


def receipt(code: str) -> str:
    """Name the receipt of a deletion by its confirmation code."""
    return f"relay:deletion:{{{code}}}"


def leaving(name: str, page_id: str) -> str:
    """Name the list of a page's events that are on their way from this outbox to another site's."""
    return f"relay:{{{name}}}:leaving:{page_id}"
