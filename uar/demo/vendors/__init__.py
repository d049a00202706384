"""Faithful servers of the vendors that uar reads, each a process of its own.

They import nothing of uar or connectors, so a connector that agrees with one of
them agrees with what the vendor says, not with our reading of it.
"""
