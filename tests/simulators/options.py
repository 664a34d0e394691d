"""What can be said on the command line of the simulators, with values that make a small world out of the box."""

import argparse
from dataclasses import dataclass, field, fields

PHONE_PORT, GRAPH_PORT, TELEGRAM_PORT = 8100, 8101, 8102


@dataclass(frozen=True, slots=True)
class Options:
    """Where to listen, and who lives there."""

    host: str = "127.0.0.1"
    phone_port: int = PHONE_PORT
    graph_port: int = GRAPH_PORT
    telegram_port: int = TELEGRAM_PORT
    callback_url: str = ""
    app_id: str = "138000000000001"
    app_secret: str = field(default="app-secret-example", repr=False)
    verify_token: str = field(default="verify-token-example", repr=False)
    page_id: str = "1122"
    page_name: str = "Acme Bikes"
    page_token: str = field(default="EAAexample", repr=False)
    admin_id: str = "218471"
    admin: str = "Charles Babbage"
    redirect_uri: str = "http://127.0.0.1:8080/facebook/callback"
    deauthorize_url: str = ""
    data_deletion_url: str = ""
    psid: str = "9001"
    person: str = "Ada Lovelace"
    bot_token: str = field(default="123456789:AAHexample_example_example_example_", repr=False)
    bot_username: str = "acme_bikes_bot"
    user_id: int = 5001
    user: str = "Grace Hopper"
    retry_every_s: float = 2.0
    clock_speed: float = 1.0


HELP = {
    "host": "address to listen on",
    "phone_port": "port of the customer's phone; 0 takes a free one",
    "graph_port": "port of the Graph API",
    "telegram_port": "port of the Bot API",
    "callback_url": "where webhooks go, such as http://127.0.0.1:8080/facebook/webhook",
    "app_id": "id of the Facebook app, digits",
    "app_secret": "its secret: signs webhooks, checks proofs",
    "verify_token": "what the handshake sends",
    "page_id": "the page that exists",
    "page_name": "its name",
    "page_token": "its token",
    "admin_id": "the app-scoped id of the person who runs the page",
    "admin": "their name, as the login dialog shows it",
    "redirect_uri": "where the login dialog may lead back to",
    "deauthorize_url": "where removals of the app are told, such as http://127.0.0.1:8080/facebook/deauthorize",
    "data_deletion_url": "where deletions of data are asked for",
    "psid": "the Messenger customer's id with the page",
    "person": "the Messenger customer's name",
    "bot_token": "token of the bot that exists",
    "bot_username": "its username",
    "user_id": "the Telegram customer's id",
    "user": "the Telegram customer's name",
    "retry_every_s": "seconds after which refused webhooks are sent again; 0 never",
    "clock_speed": "how many times as fast Facebook's time goes: at 60, its hour of failures is a minute",
}


def read_options(arguments: list[str]) -> Options:
    """Read the command line. Ends the process with code 2 and a sentence when it cannot be read."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulators",
        description="Run simulated platforms and the customer's phone until Ctrl-C.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    for option in fields(Options):
        flag = "--" + option.name.replace("_", "-")
        parser.add_argument(flag, default=option.default, type=type(option.default), help=HELP[option.name])
    return Options(**vars(parser.parse_args(arguments)))
