"""One folder in which several processes count. That they do is shown with real ones, in `bootstrap/test_several.py`."""

import os
from pathlib import Path

import pytest

from relay.adapters.shared_counts import FOLDER, forget_process, shared_counts


def test_the_folder_is_there_meanwhile_and_leaves_nothing_behind() -> None:
    with shared_counts():
        folder = Path(os.environ[FOLDER])
        (folder / "counter_1.db").write_bytes(b"")
    assert not folder.exists()
    assert FOLDER not in os.environ


def test_of_a_process_that_ended_the_counts_stay_and_the_gauges_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    for name in ("counter_7.db", "gauge_livesum_7.db", "gauge_livesum_77.db"):
        (tmp_path / name).write_bytes(b"")
    forget_process(7)

    assert {path.name for path in tmp_path.iterdir()} == {"counter_7.db", "gauge_livesum_77.db"}


def test_where_nothing_is_shared_there_is_nothing_to_forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    forget_process(7)
