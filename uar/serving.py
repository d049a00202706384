"""The web server: gunicorn inside our own process, so that settings stay in one place.

A process of the web opens its database after the fork, and starts the scheduler
only when the settings say inline; the processes of one site may all run one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from uar.scheduler import Scheduler
from uar.settings import Settings
from uar.site import Site, open_site

STOP_SECONDS = 10

Application = Callable[..., Any]


class Web(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Serves one site with as many processes and threads as its settings say."""

    def __init__(self, settings: Settings, make: Callable[[Site], Application]) -> None:
        """``make`` builds the WSGI application of a site; it runs in each web process."""
        self._settings = settings
        self._make = make
        self._site: Site | None = None
        self._scheduler: Scheduler | None = None
        super().__init__()

    def load_config(self) -> None:
        """Translate our settings into gunicorn's."""
        options = {
            "bind": [self._settings.listen],
            "workers": max(1, self._settings.web_processes),
            "threads": max(1, self._settings.web_threads),
            "worker_class": "gthread",
            "graceful_timeout": STOP_SECONDS,
            "control_socket_disable": True,
            "post_worker_init": lambda _worker: self.begin(),
            "worker_exit": lambda _server, _worker: self.end(),
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Application:
        """Open the site in a web process, and build its application."""
        self._site = open_site(self._settings)
        return self._make(self._site)

    def begin(self) -> None:
        """Start the jobs in a web process that is ready, where they run inline."""
        if self._site is not None and self._settings.scheduler == "inline":
            self._scheduler = Scheduler(self._site)
            self._scheduler.start()

    def end(self) -> None:
        """Finish the jobs that are under way before a web process ends."""
        if self._scheduler is not None:
            self._scheduler.stop()
        if self._site is not None:
            self._site.engine.dispose()
