"""Skipped tests say why, once more, at the very end; on a build server they are failures.

A test that needs something this machine has not got is skipped with a reason
that says "not installed". With ``CI=true`` nobody reads along, so there the run
fails instead: a build that tested nothing must not be green.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable

import pytest

MISSING = ("not installed", "could not import", "there is no user postgres")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn a green run into a failed one when CI=true and something was missing."""
    if session.exitstatus == pytest.ExitCode.OK and _fails(_reporter(session.config)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List what was missing, and how many tests were skipped for it."""
    reasons = _missing(terminalreporter)
    if not reasons:
        return
    terminalreporter.section("skipped, because this machine lacks something")
    for reason, count in sorted(reasons.items()):
        terminalreporter.line(f"{count} tests: {reason}")
    if _fails(terminalreporter):
        terminalreporter.line("With CI=true that is a failure.", red=True)


def is_missing(reason: str) -> bool:
    """Say whether a skip's reason is that something is not installed."""
    return any(words in reason for words in MISSING)


def _fails(reporter: pytest.TerminalReporter | None) -> bool:
    return os.environ.get("CI") == "true" and reporter is not None and bool(_missing(reporter))


def _missing(reporter: pytest.TerminalReporter) -> Counter[str]:
    reasons = (_reason(report) for report in _skipped(reporter))
    return Counter(reason for reason in reasons if is_missing(reason))


def _skipped(reporter: pytest.TerminalReporter) -> Iterable[pytest.TestReport]:
    return reporter.stats.get("skipped", [])


def _reason(report: pytest.TestReport) -> str:
    where = report.longrepr
    text = where[2] if isinstance(where, tuple) else str(where)
    return str(text).removeprefix("Skipped: ")


def _reporter(config: pytest.Config) -> pytest.TerminalReporter | None:
    found = config.pluginmanager.get_plugin("terminalreporter")
    return found if isinstance(found, pytest.TerminalReporter) else None
