"""What threads wait for that a signal asks to end: a `threading.Event` that a signal handler may set.

A handler runs in the main thread, between any two steps of it; `Event.set` takes a lock. Called from a handler while
the main thread has that lock, be it in another handler, it would wait for itself for ever. One signal seldom comes
alone: the kernel sends the one of a dead parent (see `child_process`) once for each of the parent's threads.
"""

import _thread
import threading


class StopEvent(threading.Event):
    """An event that is set once, by anybody."""

    def __init__(self) -> None:
        super().__init__()
        self._asked = False

    def ask(self) -> None:
        """Set it; for signal handlers. `is_set` knows at once, and another thread wakes whoever waits."""
        self._asked = True
        _thread.start_new_thread(self.set, ())  # `threading.Thread` would take locks of its own

    def is_set(self) -> bool:
        """Whether anybody wants the end."""
        return self._asked or super().is_set()
