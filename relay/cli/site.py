"""`relay site …`: the sites that get events."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from relay.cli.context import AsJson, DataDir, Url, admin_api
from relay.cli.outbox_tables import print_losses
from relay.cli.site_words import allowed, site_in_words
from shared.console import print_json, print_record, print_table, say, warn

app = typer.Typer(help="Register sites and see how they stand.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The site's name, such as acme.", show_default=False)]

AllowNetwork = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-network",
        metavar="NETWORK",
        help="A network, such as 10.0.0.0/8, that the site's address may be in although it is not public; repeatable.",
    ),
]

_COLUMNS = {
    "name": "SITE",
    "state": "STATE",
    "waiting": "WAITING",
    "oldest": "OLDEST",
    "pages": "PAGES",
    "url": "URL",
    "allowed": "ALLOWED",
}


@app.command()
def add(
    name: Name,
    url: Annotated[str, typer.Argument(help="The site's public address, such as https://chat.acme.example.")],
    data_dir: DataDir = None,
    relay_url: Url = None,
    *,
    allow_network: AllowNetwork = None,
    allow_insecure: Annotated[
        bool, typer.Option("--allow-insecure", help="Accept http instead of https (development only).")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Register a site and print its secret, once.

    The on-site admin needs two things from you: the site's name and this secret.

    The relay connects to a site by https and at public addresses only. What else a site needs, you allow it.

    \b
    Examples:
      relay site add acme https://chat.acme.example
      relay site add depot https://chat.depot.internal --allow-network 10.20.0.0/16
      relay site add test http://127.0.0.1:8090 --allow-network 127.0.0.1 --allow-insecure
    """
    body = {"name": name, "url": url, "allow_networks": allow_network or [], "allow_insecure": allow_insecure}
    added = admin_api(data_dir, relay_url).post("/admin/v1/sites", body)
    _warn_of(added)
    if as_json:
        print_json(added)
        return
    say(f"Site {added['name']} is registered at {added['url']}.")
    say("Hand these two lines to its admin over a safe channel; the secret is not shown again:\n")
    say(f"ONSITE_SITE={added['name']}")
    say(f"ONSITE_RELAY_SECRET={added['secret']}\n")
    say("Tell them this relay's https address too (ONSITE_RELAY_URL): the site then announces itself after an outage.")
    say(f"Next: `relay bind PAGE_ID {added['name']}` sends a page's messages there.")


@app.command("list")
def list_sites(data_dir: DataDir = None, relay_url: Url = None, *, as_json: AsJson = False) -> None:
    """List all sites with their state and what waits for them."""
    sites = admin_api(data_dir, relay_url).get("/admin/v1/sites")
    if as_json:
        print_json(sites)
    else:
        print_sites(sites)


@app.command()
def show(name: Name, data_dir: DataDir = None, relay_url: Url = None, *, as_json: AsJson = False) -> None:
    """Show a site: its address, pages, delivery, and last error."""
    site = admin_api(data_dir, relay_url).get(f"/admin/v1/sites/{quote(name, safe='')}")
    if as_json:
        print_json(site)
        return
    print_record(site_in_words(site))
    print_losses(name, site["delivery"])


@app.command()
def change(
    name: Name,
    data_dir: DataDir = None,
    relay_url: Url = None,
    *,
    url: Annotated[str | None, typer.Option("--to", metavar="URL", help="The site's new public address.")] = None,
    allow_network: AllowNetwork = None,
    forbid_network: Annotated[
        list[str] | None,
        typer.Option("--forbid-network", metavar="NETWORK", help="Take back what --allow-network gave; repeatable."),
    ] = None,
    allow_insecure: Annotated[
        bool | None,
        typer.Option("--allow-insecure/--forbid-insecure", help="Accept http (development only), or no longer."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change a site's address, or what is allowed for it. What you do not name stays as it is.

    It is in force within some seconds. The site keeps its secret, its pages and what waits for it.

    \b
    Examples:
      relay site change acme --to https://chat.acme.example:8443
      relay site change depot --allow-network 10.20.0.0/16 --forbid-network 10.0.0.0/8
    """
    wanted = {
        "url": url,
        "allow_networks": allow_network,
        "forbid_networks": forbid_network,
        "allow_insecure": allow_insecure,
    }
    body = {field: value for field, value in wanted.items() if value is not None}
    changed = admin_api(data_dir, relay_url).patch(f"/admin/v1/sites/{quote(name, safe='')}", body)
    _warn_of(changed)
    if as_json:
        print_json(changed)
        return
    say(f"Site {name} is at {changed['url']}; allowed for it: {allowed(changed) or 'https at public addresses only'}.")
    say(f"If it is parked, it is tried again by itself; `relay site resume {name}` tries it now.")


@app.command()
def pause(
    name: Name,
    data_dir: DataDir = None,
    relay_url: Url = None,
    *,
    reason: Annotated[str, typer.Option(metavar="WHY", help="Shown by `relay status`.")] = "",
    as_json: AsJson = False,
) -> None:
    """Send a site nothing until you resume it.

    What comes for it is kept, within the limits of its outbox. A batch that is on its way is finished. `relay site
    resume` delivers what waited, in order.

    Example:  relay site pause acme --reason "moves to another host on Sunday"
    """
    paused = admin_api(data_dir, relay_url).post(f"/admin/v1/sites/{quote(name, safe='')}/pause", {"reason": reason})
    if as_json:
        print_json(paused)
    else:
        was = "was paused already" if paused["was"] == "paused" else "is paused"
        say(f"Site {name} {was}; what comes for it is kept. `relay site resume {name}` goes on.")


@app.command()
def resume(name: Name, data_dir: DataDir = None, relay_url: Url = None, *, as_json: AsJson = False) -> None:
    """Try a paused or parked site again now.

    A site is paused when it answered 410, and then only this brings it back. What waited is delivered in order.
    """
    api, path = admin_api(data_dir, relay_url), f"/admin/v1/sites/{quote(name, safe='')}"
    resumed = api.post(f"{path}/resume")
    if as_json:
        print_json(resumed)
    elif resumed["was"] == "up":
        say(f"Site {name} is up: it was neither paused nor parked.")
    elif not api.get(path)["delivery"]["waiting"]:
        say(f"Site {name} was {resumed['was']}; nothing waits for it, and it is up.")
    else:
        say(f"Site {name} was {resumed['was']}; it is tried within some seconds. `relay status` shows how it goes.")


def print_sites(sites: list[dict[str, Any]]) -> None:
    """Print sites as a table."""
    rows = [
        site
        | {
            "state": site["delivery"]["state"],
            "waiting": site["delivery"]["waiting"],
            "oldest": site["delivery"]["oldest_at"],
            "pages": len(site["pages"]),
            "allowed": allowed(site),
        }
        for site in sites
    ]
    print_table(
        rows, _COLUMNS, empty="No site is registered yet; `relay site add NAME URL` registers one.", prose={"allowed"}
    )


def _warn_of(answer: dict[str, Any]) -> None:
    if answer["warning"]:
        warn(answer["warning"])
