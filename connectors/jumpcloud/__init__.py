"""JumpCloud: people, administrators, groups, applications and roles of one organisation."""

from connectors.jumpcloud.config import JumpCloudConfig
from connectors.jumpcloud.connector import JumpCloud

__all__ = ["JumpCloud", "JumpCloudConfig"]
