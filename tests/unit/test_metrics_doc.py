"""docs/metrics.md is what operators build alerts on: it names every metric there is, with its labels, and no other."""

import re
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.metrics import MetricWrapperBase

from relay.engine import metrics
from relay.engine.backlogs import Snapshot, families

DOC = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
ROW = re.compile(r"^\| `(relay_\w+)(?:\{([\w,]+)\})?` \| (\w+) \|", flags=re.MULTILINE)


def name_of(family: Metric) -> str:
    return f"{family.name}_total" if family.type == "counter" else family.name


def test_every_metric_is_documented_with_its_type_and_no_other_is() -> None:
    counted = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]
    ours = [family for each in counted for family in each.collect()]
    kinds = {name_of(family): family.type for family in [*ours, *families(Snapshot())]}

    assert {name: kind for name, _, kind in ROW.findall(DOC)} == kinds


def test_labels_are_documented() -> None:
    labels = {name: sorted(told.split(",")) if told else [] for name, told, _ in ROW.findall(DOC)}

    assert labels["relay_webhooks_total"] == sorted(metrics.WEBHOOKS._labelnames)
    assert labels["relay_batches_total"] == sorted(metrics.BATCHES._labelnames)
    assert labels["relay_events_lost_total"] == sorted(metrics.EVENTS_LOST._labelnames)
    assert labels["relay_page_audits_total"] == sorted(metrics.AUDITS._labelnames)
    assert labels["relay_site_calls_total"] == sorted(metrics.SITE_CALLS._labelnames)
    assert labels["relay_person_calls_total"] == sorted(metrics.PERSON_CALLS._labelnames)


def test_alerts_speak_of_metrics_that_there_are() -> None:
    documented = {name for name, _, _ in ROW.findall(DOC)}
    alerts = DOC.partition("## Alerts")[2]
    named = {name.removesuffix("_bucket") for name in re.findall(r"relay_\w+", alerts)}

    assert named <= documented
    assert named
