"""Fullstory: the teammates of one organisation, or the people whose sessions it captured."""

from connectors.fullstory.config import FullstoryConfig
from connectors.fullstory.connector import Fullstory

__all__ = ["Fullstory", "FullstoryConfig"]
