"""Percipio: people, their roles, courses and who is learning what in one organisation."""

from connectors.percipio.config import PercipioConfig
from connectors.percipio.connector import Percipio

__all__ = ["Percipio", "PercipioConfig"]
