"""Meta's headers about its limits: the worst of what they say, and nothing where they say nothing."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.graph_usage import APP_HEADER, BUSINESS_HEADER, NO_USAGE, Usage, read_usage


@pytest.mark.parametrize(
    ("headers", "usage"),
    [
        pytest.param({}, NO_USAGE, id="none"),
        pytest.param({APP_HEADER: '{"call_count":28,"total_time":95,"total_cputime":25}'}, Usage(95, 0), id="app"),
        pytest.param(
            {BUSINESS_HEADER: '{"1":[{"call_count":95,"estimated_time_to_regain_access":19}],"2":[{}]}'},
            Usage(0, 19 * 60),
            id="page",
        ),
        pytest.param({APP_HEADER: "[]", BUSINESS_HEADER: '{"1":17,"2":[17]}'}, NO_USAGE, id="odd"),
    ],
)
def test_the_worst_of_what_is_told_counts(headers: Mapping[str, str], usage: Usage) -> None:
    assert read_usage(headers) == usage


@given(st.text(), st.text())
def test_reading_is_total(app: str, business: str) -> None:
    assert isinstance(read_usage({APP_HEADER: app, BUSINESS_HEADER: business}), Usage)
