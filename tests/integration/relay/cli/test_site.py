"""`relay site …`."""

import json
import re
from collections.abc import Callable

import pytest
from pydantic import SecretStr

from shared.site_secret import key_of
from tests.support.commands import Ended

Ask = Callable[..., Ended]


class TestAdd:
    def test_it_prints_the_two_lines_for_the_sites_admin(self, ask: Ask) -> None:
        ended = ask("site", "add", "acme", "https://chat.acme.example/")
        lines = dict(line.split("=", 1) for line in ended.out.splitlines() if "=" in line)

        assert ended.code == 0
        assert ended.err == ""
        assert "Site acme is registered at https://chat.acme.example." in ended.out
        assert lines["ONSITE_SITE"] == "acme"
        assert len(key_of(SecretStr(lines["ONSITE_RELAY_SECRET"]))) == 32

    def test_as_json_it_prints_one_document(self, ask: Ask) -> None:
        allowed = ["--allow-network", "127.0.0.0/8", "--allow-network", "10.0.0.0/8", "--allow-insecure"]
        ended = ask("site", "add", "acme", "http://127.0.0.1:8090", *allowed, "--json")
        added = json.loads(ended.out)

        assert (added["name"], added["url"]) == ("acme", "http://127.0.0.1:8090")
        assert (added["allow_networks"], added["allow_insecure"]) == (["10.0.0.0/8", "127.0.0.0/8"], True)
        assert added["warning"] is None
        assert len(key_of(SecretStr(added["secret"]))) == 32

    @pytest.mark.parametrize("options", [[], ["--json"]], ids=["for people", "as JSON"])
    def test_a_name_that_leads_inside_is_registered_with_a_warning_beside(self, ask: Ask, options: list[str]) -> None:
        ended = ask("site", "add", "acme", "https://localhost", *options)

        assert ended.code == 0
        assert "whsec_" in ended.out
        assert ended.err.startswith("warning: localhost leads to ")
        assert "127.0.0.1, an address of the machine itself" in ended.err
        assert "relay site change acme --allow-network" in ended.err
        if options:
            assert json.loads(ended.out)["warning"] in ended.err

    def test_the_secret_is_told_by_no_other_command(self, ask: Ask) -> None:
        secret = json.loads(ask("site", "add", "acme", "https://a.example", "--json").out)["secret"]
        others = [["site", "list"], ["site", "show", "acme"], ["status"], ["bindings"]]
        printed = [ask(*command, *options) for command in others for options in ([], ["--json"])]

        assert all(ended.code == 0 for ended in printed)
        assert secret not in "".join(ended.out + ended.err for ended in printed)
        assert "whsec" not in "".join(ended.out + ended.err for ended in printed)

    @pytest.mark.parametrize(
        ("args", "words"),
        [
            (["No Name", "https://a.example"], "relay: 'No Name' cannot name a site"),
            (["acme", "a.example"], "relay: 'a.example' is no address of a site"),
            (["acme", "http://a.example"], "add --allow-insecure"),
            (
                ["acme", "https://10.1.2.3"],
                "10.1.2.3 is a private address. If it is meant, add --allow-network 10.1.2.3",
            ),
            (["acme", "https://127.1"], "has a number for a host"),
            (["acme", "https://a.example", "--allow-network", "10.0.0.1/8"], "did you mean 10.0.0.0/8?"),
            (["taken", "https://a.example"], "relay: a site named taken is there already"),
        ],
    )
    def test_a_mistake_is_one_sentence_and_exit_code_1(self, ask: Ask, args: list[str], words: str) -> None:
        ask("site", "add", "taken", "https://t.example")
        ended = ask("site", "add", *args)

        assert (ended.code, ended.out) == (1, "")
        assert words in ended.err
        assert len(ended.err.splitlines()) == 1


class TestList:
    def test_without_a_site_it_says_how_to_register_one(self, ask: Ask) -> None:
        assert ask("site", "list").out == "No site is registered yet; `relay site add NAME URL` registers one.\n"
        assert json.loads(ask("site", "list", "--json").out) == []

    def test_each_site_is_a_row(self, ask: Ask) -> None:
        ask("site", "add", "beta", "https://beta.example")
        ask("site", "add", "acme", "http://acme.example", "--allow-insecure", "--allow-network", "10.0.0.0/8")
        ask("bind", "22", "acme")
        heading, *rows = ask("site", "list").out.splitlines()

        assert heading.split() == ["SITE", "STATE", "WAITING", "OLDEST", "PAGES", "URL", "ALLOWED"]
        assert [row.split() for row in rows] == [
            ["acme", "up", "0", "1", "http://acme.example", "http,", "10.0.0.0/8"],
            ["beta", "up", "0", "0", "https://beta.example"],
        ]
        assert [site["name"] for site in json.loads(ask("site", "list", "--json").out)] == ["acme", "beta"]


class TestShow:
    def test_everything_of_one_site_is_listed(self, ask: Ask) -> None:
        ask("site", "add", "acme", "https://acme.example")
        before = ask("site", "show", "acme")
        ask("bind", "22", "acme")
        ask("bind", "33", "acme")
        after = ask("site", "show", "acme")

        assert "none; `relay bind PAGE_ID acme` binds one" in before.out
        assert "none; public addresses only" in before.out
        rows = dict(line.split(maxsplit=1) for line in after.out.splitlines() if len(line.split()) > 1)
        assert rows["name"].strip() == "acme"
        assert rows["pages"].strip() == "22, 33"
        assert rows["state"].strip() == "up"
        assert json.loads(ask("site", "show", "acme", "--json").out)["pages"] == ["22", "33"]

    def test_a_site_that_is_not_there_is_said_so(self, ask: Ask) -> None:
        ended = ask("site", "show", "nobody")

        assert (ended.code, ended.out) == (1, "")
        assert ended.err == "relay: there is no site named nobody; `relay site list` shows those there are\n"

    @pytest.mark.parametrize("name", ["a/b", "a?b", "a#b", "a%62", "\u00e4 b"])
    def test_a_name_that_is_none_asks_for_nothing_else(self, ask: Ask, name: str) -> None:
        ended = ask("site", "show", name)

        assert ended.code == 1
        assert f"there is no site named {name};" in ended.err

    def test_what_an_operator_reads_is_in_words(self, ask: Ask) -> None:
        ask("site", "add", "acme", "https://acme.example")
        printed = ask("site", "show", "acme").out

        assert "state         up\nwaiting       none\ndelivered     0\ndead letters  none\n" in printed
        assert not any(word in printed for word in ("False", "None", "[]", "0.0", "delivering"))
        assert all(line and line == line.rstrip() for line in printed.splitlines())


class TestPauseAndResume:
    def test_a_pause_is_told_with_who_and_why_and_is_over_after_the_resume(self, ask: Ask) -> None:
        ask("site", "add", "acme", "https://acme.example")
        ask("site", "pause", "acme", "--reason", "moves")
        printed = ask("status").out
        shown = ask("site", "show", "acme").out
        resumed = ask("site", "resume", "acme")
        delivery = json.loads(ask("site", "show", "acme", "--json").out)["delivery"]

        assert re.search(r"acme is paused since \S+Z by an operator: moves\.", printed)
        assert "failure" not in printed
        assert re.search(r"paused because:?\s+.*moves", shown)
        assert "last error" not in shown
        assert resumed.out == "Site acme was paused; nothing waits for it, and it is up.\n"
        assert (delivery["state"], delivery["last_error"], delivery["last_error_at"]) == ("up", "", None)


class TestChange:
    @pytest.fixture(autouse=True)
    def site(self, ask: Ask) -> None:
        ask("site", "add", "acme", "https://acme.example")

    def test_address_and_networks_change_and_what_is_not_named_stays(self, ask: Ask) -> None:
        told = ask("site", "change", "acme", "--to", "https://10.1.2.3:8443", "--allow-network", "10.0.0.0/8")
        again = ask("site", "change", "acme", "--allow-network", "::1", "--allow-insecure")

        assert "Site acme is at https://10.1.2.3:8443; allowed for it: 10.0.0.0/8." in told.out
        assert "Site acme is at https://10.1.2.3:8443; allowed for it: http, 10.0.0.0/8, ::1/128." in again.out
        assert "`relay site resume acme` tries it now" in again.out
        assert "10.0.0.0/8, ::1/128" in ask("site", "show", "acme").out

    def test_what_was_allowed_is_taken_back(self, ask: Ask) -> None:
        ask("site", "change", "acme", "--allow-network", "10.0.0.0/8", "--allow-network", "::1", "--allow-insecure")
        ended = ask("site", "change", "acme", "--forbid-network", "10.0.0.0/8", "--forbid-insecure", "--json")
        changed = json.loads(ended.out)

        assert (changed["allow_networks"], changed["allow_insecure"]) == (["::1/128"], False)

    def test_nothing_beyond_the_rule_is_said_so(self, ask: Ask) -> None:
        ended = ask("site", "change", "acme", "--to", "https://b.example")

        assert "is at https://b.example; allowed for it: https at public addresses only." in ended.out

    @pytest.mark.parametrize(
        ("args", "words"),
        [
            pytest.param(["acme"], "nothing to change", id="nothing"),
            pytest.param(["acme", "--to", "http://a.example"], "add --allow-insecure", id="in the clear"),
            pytest.param(["acme", "--to", "https://10.1.2.3"], "add --allow-network 10.1.2.3", id="inside"),
            pytest.param(["acme", "--forbid-network", "::1"], "not among what is allowed", id="never allowed"),
            pytest.param(["nobody", "--allow-network", "::1"], "no site named nobody", id="no such site"),
        ],
    )
    def test_a_mistake_is_one_sentence_and_changes_nothing(self, ask: Ask, args: list[str], words: str) -> None:
        before = ask("site", "show", "acme", "--json").out
        ended = ask("site", "change", *args)

        assert (ended.code, ended.out) == (1, "")
        assert words in ended.err
        assert len(ended.err.splitlines()) == 1
        assert ask("site", "show", "acme", "--json").out == before
