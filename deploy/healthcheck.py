#!/usr/bin/env python3
"""Asks the half in this container whether it lives, and exits with 0 if so: the images' HEALTHCHECK.

Liveness only, not readiness: starting a relay anew does not bring back a Redis that is away.
Usage: `healthcheck.py RELAY_PORT`, which names the variable that holds the port.
"""

import http.client
import os
import sys

ANSWER_TIMEOUT_S = 4.0
"""Below the HEALTHCHECK's own 5 s, so that a hanging server ends in our sentence."""


def main(variable: str) -> None:
    """Return when `/healthz` answers 200; exit with 1 and a sentence otherwise."""
    # No urllib: it would follow a proxy that the container's environment names for outbound requests.
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ[variable]), timeout=ANSWER_TIMEOUT_S)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        sys.exit(f"/healthz does not answer: {error}")
    finally:
        connection.close()
    if status != http.client.OK:
        sys.exit(f"/healthz answers {status}")


if __name__ == "__main__":
    main(sys.argv[1])
