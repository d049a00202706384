"""How a connector may use the network."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network


@dataclass(frozen=True, slots=True)
class Net:
    """How a connector may use the network.

    `allow_private` names the hosts and networks that may be called although
    they are private (`connectors.address.allowance` reads them from text).
    `log` receives one line per page without secrets, from several threads.
    `timeout` is in seconds, to connect and between bytes. `retries` is how
    often a read is repeated; changes never are.
    """

    allow_private: tuple[IPv4Network | IPv6Network | str, ...] = ()
    log: Callable[[str], None] = field(default=lambda _line: None)
    concurrency: int = 8
    timeout: float = 30.0
    retries: int = 5
    sleep: Callable[[float], None] = time.sleep
