"""Metrics are of one site each, and all of them are there from the start."""

from onsite.engine.metrics import Metrics


def test_two_sites_in_one_process_count_for_themselves() -> None:
    one, other = Metrics(), Metrics()
    one.messages.inc(3)

    assert b"onsite_messages_total 3.0" in one.exposition()
    assert b"onsite_messages_total 0.0" in other.exposition()


def test_every_metric_says_what_it_is() -> None:
    lines = Metrics().exposition().decode().splitlines()
    helped = {line.split()[2]: line.split(maxsplit=3)[3] for line in lines if line.startswith("# HELP")}

    assert len(helped) >= 10
    assert all(name.startswith("onsite_") and text for name, text in helped.items())
