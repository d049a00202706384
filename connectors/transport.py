"""Connections that only reach allowed addresses, for `connectors.http`."""

import socket
from collections.abc import Iterable

import httpcore
import httpx

from connectors.address import Allowance, is_allowed
from connectors.base import Net
from connectors.errors import Blocked

KEEP_SECONDS = 30.0
CONNECT_SECONDS = 10.0


class GuardedBackend(httpcore.SyncBackend):
    """Opens connections to allowed addresses only; Host and TLS keep the name."""

    def __init__(self, allow: Allowance) -> None:
        self._allow = allow

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve once, check every address, connect to the first that answers."""
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._addresses(host, port):
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} cannot be resolved") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        for address in addresses:
            if not is_allowed(host, address, self._allow):
                raise Blocked(
                    f"{host} is the private or reserved address {address}, which this installation "
                    "does not call. If that is intended, name it in UAR_ALLOW_PRIVATE_HOSTS."
                )
        return addresses


def open_transport(net: Net) -> httpx.HTTPTransport:
    """A transport whose every connection is guarded; proxies and environment are ignored."""
    context = httpx.create_ssl_context(trust_env=False)
    transport = httpx.HTTPTransport(verify=context, trust_env=False)
    # httpx has no setting for what opens its connections. test_http proves that
    # this is the pool it uses: a new httpx that renames it fails there.
    transport._pool = httpcore.ConnectionPool(
        ssl_context=context,
        max_connections=net.concurrency,
        max_keepalive_connections=net.concurrency,
        keepalive_expiry=KEEP_SECONDS,
        network_backend=GuardedBackend(net.allow_private),
    )
    return transport


def time_outs(net: Net) -> dict[str, float | None]:
    """How long a connection may take to open and to say the next byte, as httpx wants it."""
    connect = min(net.timeout, CONNECT_SECONDS)
    return httpx.Timeout(net.timeout, connect=connect, pool=None).as_dict()
