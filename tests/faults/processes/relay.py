"""`python -m tests.faults.processes.relay TIMES MUTANT COMMAND…`: the product's own `relay COMMAND…`, in a hurry.

TIMES is the JSON of `tests.faults.times.Times`; MUTANT the name of a broken engine (`tests.faults.mutants`), or empty
for the one that is to be tested. Both are applied before the product's own `main` runs, which then is what it is.
"""

import json
import sys

from tests.faults import mutants, times


def main() -> None:
    """Run the command line."""
    shortened, mutant, *command = sys.argv[1:]
    times.apply(times.Times(**json.loads(shortened)))
    if mutant:
        mutants.ENGINES[mutant]()
    from relay.__main__ import main as relay_main

    sys.argv = ["relay", *command]
    relay_main()


if __name__ == "__main__":
    main()
