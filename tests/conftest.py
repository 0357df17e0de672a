"""What every test can count on: the same random numbers each time, and nothing of the user's own settings."""

import statistics
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "seqcourse"


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch, tmp_path):
    import torch

    torch.manual_seed(0)
    monkeypatch.delenv("SEQCOURSE_DATA", raising=False)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("SEQCOURSE_PROGRESS", str(tmp_path / "progress.json"))


def pytest_terminal_summary(terminalreporter):
    """Report how long the package's files are: the aim is 150 lines, one sitting."""
    lines = {p.name: len(p.read_text(encoding="utf-8").splitlines()) for p in PACKAGE.glob("*.py")}
    long = [f"{name} ({n})" for name, n in sorted(lines.items()) if n > 150]
    terminalreporter.write_line(
        f"seqcourse: {len(lines)} files, {sum(lines.values())} lines, "
        f"median {statistics.median(lines.values()):.0f}; over 150: {', '.join(long) or 'none'}"
    )
