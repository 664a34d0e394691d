"""`onsite channel add …`: connects a page or a bot. Tokens come from a file, a pipe, the environment or a prompt."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from onsite.cli.context import AsJson, DataDir, Url, site_api
from shared.console import print_json, say
from shared.secret_input import read_secret

app = typer.Typer(help="Connect a Facebook page or a Telegram bot.", no_args_is_help=True)

PAGE_TOKEN, PROOF, BOT_TOKEN = "FACEBOOK_PAGE_TOKEN", "FACEBOOK_APPSECRET_PROOF", "TELEGRAM_BOT_TOKEN"

Name = Annotated[str, typer.Option(help="What operators call it.")]


@app.command()
def facebook(
    page_id: Annotated[str, typer.Argument(help="The page's numeric id.", show_default=False)],
    token_file: Annotated[
        Path | None, typer.Option(help=f"File that holds the page's token.  [env: {PAGE_TOKEN}, or piped in]")
    ] = None,
    proof_file: Annotated[
        Path | None,
        typer.Option(help=f"File that holds the token's appsecret_proof, if the app demands one.  [env: {PROOF}]"),
    ] = None,
    name: Name = "",
    data_dir: DataDir = None,
    url: Url = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Give a page its token, so that replies can be sent. Given again, the new token takes the old one's place.

    Receiving needs no token: a page's messages arrive as soon as the relay sends them here.

    \b
    Example:
        onsite channel add facebook 1122334455 --name "Acme support" --token-file page-token.txt
    """
    api = site_api(data_dir, url)
    body = {"platform": "facebook", "page_id": page_id, "name": name}
    body["token"] = read_secret("Page token", file=token_file, variable=PAGE_TOKEN)
    if proof_file is not None or PROOF in os.environ:
        body["appsecret_proof"] = read_secret("appsecret_proof", file=proof_file, variable=PROOF)
    _print(api.post("/api/v1/channels", body), as_json=as_json)


@app.command()
def telegram(
    token_file: Annotated[
        Path | None, typer.Option(help=f"File that holds the bot's token.  [env: {BOT_TOKEN}, or piped in]")
    ] = None,
    name: Name = "",
    data_dir: DataDir = None,
    url: Url = None,
    *,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Remove the webhook by which another program receives the messages.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Connect a bot: its messages are fetched from now on. Given again, the new token takes the old one's place.

    @BotFather in Telegram makes bots and hands out their tokens.

    \b
    Example:
        onsite channel add telegram --token-file bot-token.txt
    """
    api = site_api(data_dir, url)
    body = {"platform": "telegram", "name": name, "take_over": take_over}
    body["token"] = read_secret("Bot token", file=token_file, variable=BOT_TOKEN)
    _print(api.post("/api/v1/channels", body), as_json=as_json)


def _print(added: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(added)
        return
    say(f"Channel {added['id']} is connected: {added['platform']} {added['name'] or added['external_id']}.")
    if added["sentence"]:
        say(f"But: {added['sentence']}")
