"""The life of one attachment's content, as a table.

```
pending ──stored──> stored ──dropped──> dropped
   │ ^                                     │
   │ └───────────────asked─────────────────┤
   └──failed──> failed ───────asked────────┘
```

`pending` lasts over any number of tries (`retries`). `asked` is a person who wants it tried again. Any other event
raises and changes nothing.
"""

from enum import StrEnum


class MediaState(StrEnum):
    """Where an attachment's content is."""

    PENDING = "pending"
    """It is fetched, or waits for the next try."""
    STORED = "stored"
    FAILED = "failed"
    """It could not be had; the reason says why."""
    DROPPED = "dropped"
    """It was stored, and is not kept any longer."""


class MediaEvent(StrEnum):
    """What happens to it."""

    STORED = "stored"
    FAILED = "failed"
    DROPPED = "dropped"
    ASKED = "asked"


TRANSITIONS = {
    (MediaState.PENDING, MediaEvent.STORED): MediaState.STORED,
    (MediaState.PENDING, MediaEvent.FAILED): MediaState.FAILED,
    (MediaState.STORED, MediaEvent.DROPPED): MediaState.DROPPED,
    (MediaState.FAILED, MediaEvent.ASKED): MediaState.PENDING,
    (MediaState.DROPPED, MediaEvent.ASKED): MediaState.PENDING,
}


class UnknownMediaEvent(ValueError):
    """This state knows no such event."""


def advance(state: MediaState, event: MediaEvent) -> MediaState:
    """Return the state afterwards. Raises UnknownMediaEvent."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise UnknownMediaEvent(f"{event} means nothing to media that are {state}") from None


def states_before(event: MediaEvent) -> frozenset[MediaState]:
    """Return the states that know the event."""
    return frozenset(state for state, known in TRANSITIONS if known is event)
