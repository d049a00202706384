"""The metronome of one process: ticks for the jobs, an exact wake-up for what people wait for.

Start it in a worker process only, never where an app is merely created. Any
number of processes may run one.
"""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from apscheduler.schedulers.background import BackgroundScheduler

from uar import calls, claims, clock, delivery, endings
from uar.jobs import JOBS, Job, run
from uar.site import Site

log = logging.getLogger(__name__)

PEEK_SECONDS = 0.25
"""How long a due time that another process wrote may stay unseen."""
LANES = 8


class Scheduler:
    """Runs jobs on ticks, ends grants and carries out orders exactly when due."""

    def __init__(self, site: Site) -> None:
        """Prepare; nothing runs before ``start``."""
        self._site = site
        self._ticks = BackgroundScheduler(
            timezone="UTC",
            job_defaults={"coalesce": True, "misfire_grace_time": None},
        )
        self._lanes = ThreadPoolExecutor(LANES, thread_name_prefix="lane")
        self._busy: set[int] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._resting: dict[int, float] = {}
        self._stop = threading.Event()
        self._waker = threading.Thread(target=self._keep_waking, name="waker", daemon=True)

    def start(self) -> None:
        """Begin, after letting go of what a dead process on this machine had taken."""
        freed = claims.release_dead(self._site)
        if freed:
            log.info("took over %d orders of a process that died", freed)
        for job in JOBS:
            self._ticks.add_job(
                self._run_job, "interval", [job], seconds=job.seconds,
                max_instances=job.at_once, next_run_time=clock.now(),
            )  # fmt: skip
        self._ticks.start()
        self._waker.start()

    def stop(self) -> None:
        """Finish the orders and jobs that are under way, begin no others, and stop."""
        self._stop.set()
        self._wake.set()
        self._waker.join(10)
        self._lanes.shutdown(wait=True, cancel_futures=True)
        self._ticks.shutdown(wait=True)

    def _keep_waking(self) -> None:
        while not self._stop.is_set():
            try:
                wait = self._once()
            except Exception:
                log.exception("the waker failed and goes on")
                wait = 1.0
            self._wake.wait(wait)
            self._wake.clear()

    def _once(self) -> float:
        """Act on what is due; return the seconds until the next look."""
        now = clock.now()
        with self._site.reading() as session:
            ending = endings.next_end(session)
            order = claims.next_at(session)
            lanes = claims.lanes_due(session, now) if order and order <= now else []
            lanes += claims.undescribed(session)
        started = sum(self._start_lane(connector_id) for connector_id in set(lanes))
        if ending and ending <= now:  # a batch at a time, so that lanes begin meanwhile
            endings.end_due(self._site)
            return 0.0
        soonest = min((at for at in (ending, order) if at and at > now), default=None)
        if soonest is None or started or lanes:
            return PEEK_SECONDS
        return min(PEEK_SECONDS, max((soonest - now).total_seconds(), 0.0))

    def _start_lane(self, connector_id: int) -> bool:
        with self._lock:
            rests = time.monotonic() < self._resting.get(connector_id, 0.0)
            if rests or connector_id in self._busy or self._stop.is_set():
                return False
            self._busy.add(connector_id)
        self._lanes.submit(self._run_lane, connector_id)
        return True

    def _run_lane(self, connector_id: int) -> None:
        try:
            calls.describe_due(self._site, connector_id)
            delivery.carry_out_lane(
                self._site,
                connector_id,
                stopping=self._stop.is_set,
                rest=lambda seconds: self._rest(connector_id, seconds),
            )
        except Exception:
            log.exception("lane of connector %s failed and is tried again", connector_id)
            self._rest(connector_id, 1.0)
        finally:
            with self._lock:
                self._busy.discard(connector_id)
            self._wake.set()

    def _rest(self, connector_id: int, seconds: float) -> None:
        """Leave a vendor alone; no thread waits for that."""
        self._resting[connector_id] = time.monotonic() + seconds

    def _run_job(self, job: Job) -> None:
        try:
            run(job, self._site, stopping=self._stop.is_set)
        except Exception:
            log.exception("job %r failed and is tried again", job.name)
