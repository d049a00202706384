"""Workato: collaborators, and their roles in each environment, in both permission models."""

from connectors.workato.config import WorkatoConfig
from connectors.workato.connector import Workato

__all__ = ["Workato", "WorkatoConfig"]
