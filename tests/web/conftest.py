"""A browser on the world's installation; a lite one where the database makes no difference."""

from __future__ import annotations

import pytest

from tests.web.client import Browser, site_of
from tests.world import World


@pytest.fixture
def browser(world: World) -> Browser:
    """A browser on ``world``, on both databases."""
    return Browser(site_of(world))


@pytest.fixture
def lite_browser(lite_world: World) -> Browser:
    """A browser on ``lite_world``."""
    return Browser(site_of(lite_world))
