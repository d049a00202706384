"""SCIM 2.0, which many applications speak: people, groups, roles and entitlements of one."""

from connectors.scim.config import ScimConfig
from connectors.scim.connector import Scim

__all__ = ["Scim", "ScimConfig"]
