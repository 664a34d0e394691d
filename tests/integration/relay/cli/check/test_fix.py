"""`relay check --fix`: subscribes the app where that is what is missing, and changes nothing else."""

import pytest

from relay.core.checks import app
from relay.core.page import FIELDS
from tests.integration.relay.cli.check.report import Run, lines_of, subscribed
from tests.simulators.graph.app import AppSubscription
from tests.support.graph_thread import GraphThread
from tests.support.relay_thread import RelayThread


class TestFix:
    def test_it_subscribes_an_app_that_was_not_and_says_so(
        self, whole: Run, graph: GraphThread, relay: RelayThread
    ) -> None:
        graph.sim.app.subscriptions.clear()
        ended = whole("check", "--fix", "--json")
        lines = lines_of(ended)

        assert ended.code == 0
        assert lines[app.SUBSCRIPTION]["outcome"] == "passed"
        assert "posted nothing before" in lines["fix"]["words"]
        assert subscribed(graph).callback_url == relay.url + "/facebook/webhook"
        assert set(subscribed(graph).fields) == set(FIELDS)
        assert subscribed(graph).include_values

    def test_it_names_what_was_there_and_takes_no_field_away(self, whole: Run, graph: GraphThread) -> None:
        graph.sim.app.subscriptions["page"] = AppSubscription(
            "page", "https://old.example/facebook/webhook", ("messages", "feed")
        )
        words = lines_of(whole("check", "--fix", "--json"))["fix"]["words"]

        assert "(was https://old.example/facebook/webhook)" in words
        assert "added message_echoes, " in words
        assert set(subscribed(graph).fields) == {*FIELDS, "feed"}

    def test_it_changes_nothing_where_nothing_is_to_be_changed(self, whole: Run, graph: GraphThread) -> None:
        before = subscribed(graph)
        ended = whole("check", "--fix", "--json")

        assert ended.code == 0
        assert "fix" not in lines_of(ended)
        assert subscribed(graph) is before

    def test_a_relay_that_facebook_cannot_reach_is_not_subscribed(
        self, whole: Run, graph: GraphThread, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        graph.sim.app.subscriptions.clear()
        monkeypatch.setenv("RELAY_PUBLIC_URL", "http://127.0.0.1:9")
        ended = whole("check", "--fix", "--json")
        line = lines_of(ended)["fix"]

        assert ended.code == 1
        assert "(error 2200)" in line["words"]
        assert "public address" in line["remedy"]
        assert graph.sim.app.subscriptions == {}
