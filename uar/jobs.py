"""What happens by itself, and how often.

Rows hold the due time; the scheduler only ticks. Every job claims its rows by
compare-and-set, so any number of processes may run all of them. Remove
APScheduler and ``while True: run(job, site); sleep(job.seconds)`` does the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from uar import access_requests, audit, campaigns, delivery, endings, notifications, sync
from uar.site import Site

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
    Job("seal the audit log", audit.seal_due, 5),
)
"""The two jobs that people wait for, ending grants and carrying out orders, do
not tick: :mod:`uar.scheduler` wakes exactly when they are due."""


def run(job: Job, site: Site) -> int:
    """Run one job until nothing is due; return how many rows it handled."""
    total = 0
    for _ in range(MOST_BATCHES):
        n = job.run(site)
        total += n
        if n == 0:
            break
    if total:
        log.info("job=%r handled=%d", job.name, total)
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
