"""`relay run`, `relay serve`, `relay worker`: the commands that stay until they are stopped.

What they run takes more than a second of processor time to import, and the settings a quarter: that is done where a
command runs, and no other command waits for it. What counts is imported within `shared_counts`, as that asks for.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relay.adapters.shared_counts import shared_counts
from relay.cli.context import DataDir
from shared.errors import SettingsError

if TYPE_CHECKING:
    from relay.core.settings import RelaySettings

Host = Annotated[
    str | None, typer.Option(help="Address to listen on; 0.0.0.0 for all.  [env: RELAY_HOST; default: 127.0.0.1]")
]
Port = Annotated[int | None, typer.Option(help="Port to listen on.  [env: RELAY_PORT; default: 8080]")]
Processes = Annotated[
    int | None,
    typer.Option(
        help="How many web processes share the port and the work: about one for each core."
        "  [env: RELAY_PROCESSES; default: 1]"
    ),
]
AllowVolatile = Annotated[
    bool, typer.Option("--allow-volatile", help="Accept a Redis that may lose events (development only).")
]


def run(
    data_dir: DataDir = None,
    host: Host = None,
    port: Port = None,
    processes: Processes = None,
    *,
    allow_volatile: AllowVolatile = False,
) -> None:
    """Run the whole relay on this machine.

    That is: Redis, webhooks, delivery and retries.

    Without RELAY_REDIS_URL it starts a Redis of its own in the data folder. Stop it with Ctrl-C or SIGTERM; whatever it
    has accepted is on disk.

    Needs RELAY_FACEBOOK_APP_ID, RELAY_FACEBOOK_APP_SECRET and RELAY_FACEBOOK_VERIFY_TOKEN, from the environment or
    from a file named .env in this folder.
    """
    from shared.runtime import run_async

    settings = _settings(data_dir, host=host, port=port, processes=processes)
    with shared_counts():
        from relay.bootstrap.run import run as run_all

        run_async(run_all(settings, allow_volatile=allow_volatile))


def serve(
    data_dir: DataDir = None,
    host: Host = None,
    port: Port = None,
    processes: Processes = None,
    *,
    allow_volatile: AllowVolatile = False,
    socket_fd: Annotated[int | None, typer.Option(min=0, hidden=True)] = None,  # what a parent tells its children
) -> None:
    """Run the web side alone.

    That is: webhooks, admin API, delivery to sites that are up.

    Any number of these may share one Redis, on any number of machines. Let at least one `relay worker` run beside them:
    without one, sites that were down are tried again by these, and some seconds later than planned.

    Example, on a machine with four cores:  relay serve --processes 4
    """
    from shared.runtime import run_async

    settings = _with_redis(_settings(data_dir, host=host, port=port, processes=processes))
    if socket_fd is None and settings.processes > 1:
        with shared_counts():
            from relay.bootstrap.serve import serve_several

            run_async(serve_several(settings, allow_volatile=allow_volatile))
        return
    from relay.bootstrap.serve import serve as serve_web

    run_async(serve_web(settings, allow_volatile=allow_volatile, socket_fd=socket_fd))


def worker(
    data_dir: DataDir = None,
    port: Annotated[
        int | None,
        typer.Option(
            help="Port where it shows /healthz, /readyz and /metrics; without it, it listens nowhere."
            "  [env: RELAY_WORKER_PORT]"
        ),
    ] = None,
    *,
    allow_volatile: AllowVolatile = False,
) -> None:
    """Run a worker alone.

    It brings parked sites back and takes over what a dead process left behind.

    Any number of these may share one Redis. A Redis that is away is waited for; one that would lose events, or that
    belongs to a relay with another master key, is refused.
    """
    settings = _with_redis(_settings(data_dir, worker_port=port))
    from relay.bootstrap.work import work

    work(settings, allow_volatile=allow_volatile)


def _settings(data_dir: Path | None, **flags: Any) -> "RelaySettings":
    from relay.core.settings import RelaySettings
    from shared.logs import configure_logs
    from shared.settings import load_settings

    settings = load_settings(RelaySettings, data_dir=data_dir, **flags)
    configure_logs(level=settings.log_level)
    return settings


def _with_redis(settings: "RelaySettings") -> "RelaySettings":
    if settings.redis_url is None:
        raise SettingsError(
            ["RELAY_REDIS_URL: missing: processes that run apart need a Redis they share; `relay run` needs none"]
        )
    return settings
