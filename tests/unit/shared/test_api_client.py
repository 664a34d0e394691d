"""The commands' client: every failure is a sentence that says what was asked of whom, and tells no secret."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses
from pydantic import SecretStr

from shared.api_client import TIMEOUT_S, ApiClient
from shared.errors import UserError

URL = "http://127.0.0.1:8080"
TOKEN = "hush-token"


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def client(token: str = TOKEN, url: str = URL) -> ApiClient:
    return ApiClient(url, SecretStr(token), server="the relay", start_hint="Start it with `relay run`")


def refusal(act: Any) -> str:
    with pytest.raises(UserError) as refused:
        act()
    assert "hush" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    return str(refused.value)


class TestWhatIsAsked:
    def test_each_method_carries_token_and_body(self, server: responses.RequestsMock) -> None:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            server.add(method, f"{URL}/v1/thing", json={"done": method})
        api = client(url=URL + "/")

        assert api.get("/v1/thing", after="x y") == {"done": "GET"}
        assert api.post("/v1/thing", {"a": 1}) == {"done": "POST"}
        assert api.put("/v1/thing") == {"done": "PUT"}
        assert api.patch("/v1/thing", {"b": 2}) == {"done": "PATCH"}
        assert api.delete("/v1/thing") == {"done": "DELETE"}

        asked = [call.request for call in server.calls]
        assert {request.headers["Authorization"] for request in asked} == {"Bearer hush-token"}
        assert asked[0].url == f"{URL}/v1/thing?after=x+y"
        assert [json.loads(request.body or b"null") for request in asked] == [None, {"a": 1}, {}, {"b": 2}, None]

    def test_an_answer_without_content_is_none(self, server: responses.RequestsMock) -> None:
        server.add("DELETE", f"{URL}/v1/thing", status=204)

        assert client().delete("/v1/thing") is None

    def test_no_proxy_of_the_environment_sees_the_token(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

        def send(_adapter: object, _request: object, **options: Any) -> requests.Response:
            assert not options["proxies"]
            raise requests.ConnectionError

        monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
        assert "does not answer" in refusal(lambda: client().get("/"))


class TestWhatGoesWrong:
    @pytest.mark.parametrize(
        ("error", "words"),
        [
            (requests.ConnectionError("hush"), f"the relay does not answer at {URL}. Start it with `relay run`"),
            (requests.ConnectTimeout("hush"), f"the relay does not answer at {URL}. Start it with `relay run`"),
            (requests.ReadTimeout("hush"), f"the relay at {URL} did not answer within {TIMEOUT_S} s"),
            (requests.exceptions.ChunkedEncodingError("cut"), f"the relay cannot be asked at {URL}: cut"),
        ],
        ids=["no connection", "no connection in time", "no answer in time", "a broken answer"],
    )
    def test_no_answer(self, server: responses.RequestsMock, error: Exception, words: str) -> None:
        server.add("GET", f"{URL}/v1/thing", body=error)

        assert refusal(lambda: client().get("/v1/thing")) == words

    @pytest.mark.parametrize(
        ("status", "body", "words"),
        [
            (409, {"error": {"code": "refused", "message": "mend it"}}, "mend it"),
            (404, {"error": {"code": "not_found", "message": "no such site"}}, "no such site"),
            (
                401,
                {"error": {"code": "unauthorized", "message": "x"}},
                "does not accept this token: is it the token of",
            ),
            (401, None, "does not accept this token"),
            (500, None, f"the relay at {URL} answered with status 500"),
            (502, "text", "answered with status 502"),
            (502, ["list"], "answered with status 502"),
            (502, {"error": "text"}, "answered with status 502"),
            (502, {"error": {}}, "answered with status 502"),
            (502, 17, "answered with status 502"),
        ],
    )
    def test_a_refusal(self, server: responses.RequestsMock, status: int, body: object, words: str) -> None:
        server.add("GET", f"{URL}/v1/thing", status=status, body="<html>" if body is None else json.dumps(body))

        assert words in refusal(lambda: client().get("/v1/thing"))

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_a_redirect_is_not_followed_with_the_token(self, server: responses.RequestsMock, status: int) -> None:
        server.add("GET", f"{URL}/v1/thing", status=status, headers={"Location": "http://elsewhere.example/"})

        assert f"answered with status {status}" in refusal(lambda: client().get("/v1/thing"))
        assert len(server.calls) == 1

    def test_another_program_on_the_port(self, server: responses.RequestsMock) -> None:
        server.add("GET", f"{URL}/v1/thing", body="<html>It works!")

        assert refusal(lambda: client().get("/v1/thing")) == (
            f"what answers at {URL} is not the relay (no JSON); check address and port"
        )

    @pytest.mark.parametrize("url", ["127.0.0.1:8080", "http://", "nonsense", "http://[::1"])
    def test_an_address_that_is_none(self, url: str) -> None:
        assert "cannot be asked at" in refusal(lambda: client(url=url).get("/v1/thing"))

    @pytest.mark.parametrize(
        "token", ["hush\nhush", "hush\r\nX: y", "hush\u20ac", "h\u00e4hush\ud800", "hush hush", ""]
    )
    def test_a_token_that_no_header_can_carry(self, token: str) -> None:
        assert "the token holds" in refusal(lambda: client(token=token).get("/v1/thing"))
