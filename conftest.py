"""What pytest does beyond its habit when it runs the notebooks (nbval): `make test`."""

from collections import Counter


def pytest_collectstart(collector):
    """In cells tagged nbval-check-output, compare what a reader reads, not warnings and not drawings."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("stderr", "text/html", "image/svg+xml")


def pytest_terminal_summary(terminalreporter):
    """Report how long each notebook took, its kernel's start included."""
    seconds = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            file = getattr(report, "nodeid", "").split("::")[0]
            if file.endswith(".ipynb"):
                seconds[file] += getattr(report, "duration", 0)
    if seconds:
        terminalreporter.section("seconds a notebook")
        for file, taken in sorted(seconds.items()):
            terminalreporter.write_line(f"{taken:7.1f}  {file}")
        terminalreporter.write_line(f"{sum(seconds.values()):7.1f}  in all")
