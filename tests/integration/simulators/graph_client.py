"""A plain client of the simulated Graph API for the simulators' own tests."""

from typing import Any

import aiohttp

from tests.simulators.graph import GraphSimulator

APP_TOKEN = "138|app-secret-example"
REDIRECT_URI = "http://127.0.0.1:8080/facebook/callback"
NEEDED = ("pages_show_list", "pages_messaging", "pages_manage_metadata", "pages_read_engagement", "business_management")
"""What a relay asks of a person."""


async def ask(
    http: aiohttp.ClientSession, sim: GraphSimulator, path: str, *, verb: str = "GET", **params: str
) -> tuple[int, dict[str, Any]]:
    """Make a call, with the page's token unless another is given, and return status and answer."""
    async with http.request(verb, sim.url + path, params={"access_token": "EAAtoken"} | params) as answer:
        return answer.status, await answer.json()


def numbers(answer: dict[str, Any]) -> tuple[int, int | None]:
    """Return code and subcode of a refusal."""
    return answer["error"]["code"], answer["error"].get("error_subcode")


def ids(answer: dict[str, Any]) -> list[str]:
    """Return the ids of what was listed."""
    return [item["id"] for item in answer["data"]]
