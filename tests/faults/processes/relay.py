"""`python -m tests.faults.processes.relay TIMES MUTANT COMMAND…`: the product's own `relay COMMAND…`, in a hurry.

TIMES is the JSON of `tests.faults.times.Times`; MUTANT the name of a broken engine (`tests.faults.mutants`), or empty
for the one that is to be tested. Both are applied before the product's own `main` runs, which then is what it is.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

from tests.faults import mutants, times


def _hurry_children(shortened: str, mutant: str) -> None:
    """Have the processes that this one starts begin here, too."""
    from relay.adapters.kept_process import KeptProcess

    honest = KeptProcess.__init__

    def init(self: KeptProcess, args: Sequence[str], **options: Any) -> None:
        honest(self, args, **options)
        self._command = [sys.executable, "-m", "tests.faults.processes.relay", shortened, mutant, *args]

    times.replace("relay.adapters.kept_process", "KeptProcess.__init__", init)


def main() -> None:
    """Run the command line."""
    shortened, mutant, *command = sys.argv[1:]
    times.apply(times.Times(**json.loads(shortened)))
    if mutant:
        mutants.ENGINES[mutant]()
    _hurry_children(shortened, mutant)
    from relay.__main__ import main as relay_main

    sys.argv = ["relay", *command]
    relay_main()


if __name__ == "__main__":
    main()
