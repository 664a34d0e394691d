"""Logs carry ids, never secrets: the net below that rule, with a table of what must not get through."""

import io
import json
import logging

import pytest
from aiohttp.http_exceptions import BadStatusLine
from hypothesis import given
from pydantic import SecretStr

from shared.logs import configure_logs, get_logger, mask
from tests.support.logs import written_logs
from tests.support.strategies import any_text

BOT = "123456789:AAFm0rE-thanThirtyFiveCharactersOfTok3n"
GRAPH = "EAAJZBexampleTokenOfAPageThatIsLong123456789"
SITE = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
CUSTOMER_WROTE = "what the customer wrote"

SECRETS = [
    pytest.param(f"https://api.telegram.org/bot{BOT}/getUpdates", BOT, id="Telegram address"),
    pytest.param(f"https://api.telegram.org/file/bot{BOT}/photos/1.jpg", BOT, id="Telegram file address"),
    pytest.param(f"token {BOT} refused", BOT, id="bare Telegram token"),
    pytest.param(f"('{BOT}',)", BOT, id="Telegram token in a repr"),
    pytest.param(f"/v26.0/me/messages?access_token={GRAPH}&x=1", GRAPH, id="Graph address"),
    pytest.param(f"token {GRAPH} expired", GRAPH, id="bare Graph token"),
    pytest.param(f'{{"access_token":"{GRAPH}"}}', GRAPH, id="Graph token in JSON"),
    pytest.param("?access_token=138|hush-app-token", "hush-app-token", id="app token"),
    pytest.param("?input_token=hush-hush&a=1", "hush-hush", id="input token"),
    pytest.param("?appsecret_proof=0123456789abcdef", "0123456789abcdef", id="proof"),
    pytest.param("?client_secret=hush-hush", "hush-hush", id="client secret"),
    pytest.param("?code=AQhush-hush#_=_", "AQhush-hush", id="OAuth code"),
    pytest.param("?hub.verify_token=hush-hush", "hush-hush", id="verify token"),
    pytest.param("GET /facebook/connect/hush-hush HTTP/1.1", "hush-hush", id="link"),
    pytest.param("Cookie: __Host-connect-abc=hush-hush", "hush-hush", id="cookie of a login"),
    pytest.param("/facebook/callback?state=hush-hush.more&x=1", "hush-hush", id="state of a login"),
    pytest.param("Authorization: Bearer hush-hush", "hush-hush", id="bearer token"),
    pytest.param("authorization: bearer hush-hush", "hush-hush", id="bearer token in lower case"),
    pytest.param(f"secret {SITE} is wrong", SITE, id="site secret"),
    pytest.param(f"ONSITE_RELAY_SECRET={SITE}", SITE, id="site secret in an environment"),
    pytest.param("redis://user:hush-hush@redis:6379/0", "hush-hush", id="password of Redis"),
    pytest.param("rediss://:hush-hush@redis/0", "hush-hush", id="password of Redis without a user"),
    pytest.param("postgresql+psycopg://u:hush-hush@db/x", "hush-hush", id="password of PostgreSQL"),
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_a_secret_in_a_text_becomes_stars(text: str, secret: str) -> None:
    assert secret not in mask(text)
    assert "***" in mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "page 112233445566 bound to acme",
        "http://127.0.0.1:8080/relay/events",
        "https://chat.example.com:8443",
        "https://[::1]:8443/@me",
        "event 1763806800123-0 of acme",
        "2026-11-22T10:20:00.123Z",
        "12:30:45 EAA",
        "status code 17",
        "",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert mask(text) == text


@given(text=any_text)
def test_any_text_can_be_masked_and_masking_twice_changes_nothing(text: str) -> None:
    assert mask(mask(text)) == mask(text)


def fail(reason: object) -> None:
    raise RuntimeError(reason)


class TestWrittenLogs:
    def test_a_line_is_an_event_name_and_ids(self) -> None:
        with written_logs() as logs:
            get_logger("relay.engine.drain").info("site_parked", site="acme", failures=3)
        (line,) = logs.lines

        assert line.pop("timestamp").endswith("Z")
        assert line == {
            "event": "site_parked",
            "site": "acme",
            "failures": 3,
            "level": "info",
            "logger": "relay.engine.drain",
        }

    @pytest.mark.parametrize(("text", "secret"), SECRETS)
    def test_no_secret_gets_through_wherever_it_stands(self, text: str, secret: str) -> None:
        with written_logs() as logs:
            log = get_logger("test")
            log.info("as_value", detail=text)
            log.info(text)
            log.info("nested", detail={"list": [text]})
            logging.getLogger("library").warning("a library says %s", text)
            try:
                fail(text)
            except RuntimeError:
                log.exception("as_traceback")
                logging.getLogger("library").exception("a library's traceback")

        assert len(logs.lines) == 6
        assert secret not in logs.text

    @pytest.mark.parametrize(
        "key", ["secret", "token", "admin_token", "password", "Authorization", "master_key", "set_cookie", "proof"]
    )
    @pytest.mark.parametrize(
        "value", ["hush", b"hush", SecretStr("hush"), ["hush"]], ids=["text", "bytes", "type", "list"]
    )
    def test_a_key_that_names_a_secret_hides_its_value_whatever_it_is(self, key: str, value: object) -> None:
        with written_logs() as logs:
            get_logger("test").info("something", **{key: value})

        assert "hush" not in logs.text
        assert logs.lines[0][key] == "***"

    def test_a_traceback_shows_no_local_values(self) -> None:
        with written_logs() as logs:
            message_text = CUSTOMER_WROTE
            try:
                fail(len(message_text))
            except RuntimeError:
                get_logger("test").exception("failed")

        assert "RuntimeError: 23" in logs.text
        assert CUSTOMER_WROTE not in logs.text

    @pytest.mark.parametrize(
        "name", ["aiohttp.access", "rq.worker", "rq.scheduler", "rq.queue", "alembic", "asyncio", "urllib3"]
    )
    def test_libraries_that_would_log_each_request_are_quiet(self, name: str) -> None:
        with written_logs() as logs:
            logging.getLogger(name).info("a request")
            logging.getLogger(name).warning("trouble")

        assert [line["event"] for line in logs.lines] == ["trouble"]

    @pytest.mark.parametrize(("level", "names"), [("debug", ["d", "i", "w"]), ("INFO", ["i", "w"]), ("warning", ["w"])])
    def test_the_level_is_that_of_the_settings(self, level: str, names: list[str]) -> None:
        with written_logs(level=level) as logs:
            log = get_logger("test")
            log.debug("d")
            log.info("i")
            log.warning("w")

        assert [line["event"] for line in logs.lines] == names

    def test_a_terminal_gets_lines_for_people(self) -> None:
        class Terminal(io.StringIO):
            def isatty(self) -> bool:
                return True

        with written_logs():
            terminal = Terminal()
            configure_logs(stream=terminal)
            get_logger("test").info("site_parked", site="acme", token="hush")

        assert "site_parked" in terminal.getvalue()
        assert "hush" not in terminal.getvalue()
        with pytest.raises(json.JSONDecodeError):
            json.loads(terminal.getvalue())


def test_what_a_stranger_sent_that_nobody_can_read_is_no_error_and_is_not_repeated() -> None:
    stream = io.StringIO()
    configure_logs(stream=stream, json=True)
    error = BadStatusLine("GET /secret-of-a-stranger HTTP/9")
    logging.getLogger("aiohttp.server").error("Error handling request from %s", "192.0.2.1", exc_info=error)

    (line,) = map(json.loads, stream.getvalue().splitlines())
    assert (line["level"], line["event"]) == ("info", "request_not_readable BadStatusLine")
    assert "stranger" not in stream.getvalue()


def test_a_fault_of_a_handler_keeps_its_traceback() -> None:
    stream = io.StringIO()
    configure_logs(stream=stream, json=True)
    logging.getLogger("aiohttp.server").error("Error handling request", exc_info=ValueError("a fault of ours"))

    assert "a fault of ours" in stream.getvalue()
