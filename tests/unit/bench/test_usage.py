"""Who was busy is told for each row, and noise is told by name."""

from tests.bench.usage import Shares, noisy_rows, usage_sheet

CALM = Shares({"relay": 0.5, "senders": 0.1}, others=0.01, stolen=0.0)
NOISY = Shares({"relay": 0.4, "senders": 0.1}, others=0.9, stolen=0.02)
STOLEN = Shares({"relay": 0.4, "senders": 0.1}, others=0.0, stolen=0.7)


def test_what_is_measured_is_all_but_the_harness() -> None:
    assert CALM.measured == 0.5


def test_a_row_is_noisy_when_others_or_the_machine_below_took_much_in_most_rounds() -> None:
    rows = {"calm": [CALM, CALM, NOISY], "noisy": [NOISY, CALM, NOISY], "stolen": [STOLEN, STOLEN, CALM]}

    assert noisy_rows(rows) == ["noisy", "stolen"]


def test_a_sheet_shows_only_processes_that_took_part() -> None:
    sheet = usage_sheet({"relay": [CALM], "bare": [Shares({"web": 0.99}, others=0.0, stolen=0.0)]})

    assert sheet.headings == ["web", "relay", "senders", "ours in all", "others", "stolen"]
    assert sheet.rows == [["relay", "", "50%", "10%", "60%", "1%", "0%"], ["bare", "99%", "", "", "99%", "0%", "0%"]]
