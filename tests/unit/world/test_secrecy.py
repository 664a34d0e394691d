"""The search for secrets finds what it must, wherever it stands, and tells it without repeating it."""

from pathlib import Path

from tests.world.secrecy import Leak, Secret, leaks, shown_on_purpose

TOKEN = Secret("an access token", "EAAsecret")


def test_a_secret_is_found_in_any_file_below_text_or_not(tmp_path: Path) -> None:
    (tmp_path / "site" / "data").mkdir(parents=True)
    (tmp_path / "site" / "onsite.log").write_text("all is well", encoding="utf-8")
    (tmp_path / "site" / "data" / "dump.rdb").write_bytes(b"\xff\x00" + TOKEN.value.encode() + b"\x00")

    assert leaks([TOKEN, TOKEN], tmp_path) == [Leak("an access token", "site/data/dump.rdb")]


def test_what_a_command_shows_on_purpose_is_known_as_a_secret_from_then_on() -> None:
    printed = {
        "name": "acme",
        "secret": "whsec_1",
        "pages": [{"url": "https://relay.example/facebook/connect/ticket1"}],
        "rotation": {"secret": None, "url": "https://acme.example"},
    }

    assert list(shown_on_purpose(printed)) == [
        Secret("a site's secret", "whsec_1"),
        Secret("a link's ticket", "ticket1"),
    ]
