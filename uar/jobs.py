"""What happens by itself, and how often.

Rows hold the due time; the scheduler only ticks. Every job claims its rows by
compare-and-set, so any number of processes may run all of them. Remove
APScheduler and ``while True: run(job, site); sleep(job.seconds)`` does the same.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from uar import access_requests, audit, campaigns, delivery, endings, notifications, overdue, sync
from uar.site import Site
from uar.work import request_ref

log = logging.getLogger(__name__)

MOST_BATCHES = 1000


@dataclass(frozen=True, slots=True)
class Job:
    """One thing that is done every few seconds, batch by batch until nothing is due."""

    name: str
    run: Callable[[Site], int]
    seconds: int
    at_once: int = 1
    """How many of it one process may run at the same time."""


JOBS = (
    Job("warn of endings", endings.warn_due, 5),
    Job("send messages", notifications.send_due, 5),
    Job("sync due connectors", sync.run_due, 2, at_once=4),
    Job("order what was approved", access_requests.order_due, 5),
    Job("lapse stale requests", access_requests.lapse_due, 60),
    Job("remind reviewers", campaigns.remind_due, 300),
    Job("raise alarms about late removals", overdue.alarm_due, 60),
    Job("seal the audit log", audit.seal_due, 5),
)
"""The two jobs that people wait for, ending grants and carrying out orders, do
not tick: :mod:`uar.scheduler` wakes exactly when they are due."""


def run(job: Job, site: Site, *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Run one job until nothing is due; return how many rows it handled.

    ``stopping`` is asked between two batches. The log and the record carry one id.
    """
    ref = request_ref.set(f"job-{secrets.token_hex(4)}")
    total = 0
    try:
        for _ in range(MOST_BATCHES):
            n = job.run(site)
            total += n
            if n == 0 or stopping():
                break
    finally:
        if total:
            log.info("job=%r ref=%s handled=%d", job.name, request_ref.get(), total)
        request_ref.reset(ref)
    return total


def run_all(site: Site) -> int:
    """Do once, in this thread, everything that is due now; return how many rows were handled."""
    total = 0
    while True:
        n = endings.end_due(site) + delivery.carry_out_due(site)
        n += sum(run(job, site) for job in JOBS)
        total += n
        if n == 0:
            return total
