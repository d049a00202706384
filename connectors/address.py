"""Which addresses a connector may call: public ones, and private ones that were allowed by name.

A connector's base URL is typed by a person, so it could point at the machine
itself, at its neighbours or at a cloud's metadata service. The check runs when
the URL is entered, and again on the address that is really connected to: the
name is resolved once and the checked address is the one used, so that a name
which changes its mind in between opens nothing.
"""

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import urlsplit

Allowance = tuple[IPv4Network | IPv6Network | str, ...]
NAT64 = IPv6Network("64:ff9b::/96")


def allowance(text: str) -> Allowance:
    """Read a comma list of hosts and networks; raises ValueError naming a bad entry."""
    entries: list[IPv4Network | IPv6Network | str] = []
    for raw in text.split(","):
        entry = raw.strip().strip("[]")
        if not entry:
            continue
        try:
            entries.append(ip_network(entry, strict=False))
        except ValueError:
            if "/" in entry or ":" in entry or " " in entry:
                raise ValueError(f"{entry} is neither a host name nor a network") from None
            entries.append(_name(entry))
    return tuple(entries)


def is_allowed(host: str, address: str, allow: Allowance) -> bool:
    """Whether this address may be connected to for this host name."""
    ip = ip_address(address.split("%")[0])
    return is_public(ip) or _is_named(host, ip, allow)


def is_public(ip: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to the open internet, also the one hidden inside IPv6 forms."""
    if isinstance(ip, IPv6Address):
        hidden = _hidden(ip)
        if hidden is not None:
            return is_public(hidden)
        if ip.is_site_local:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def url_problem(url: str, allow: Allowance) -> str:
    """What is wrong with a base URL, as a sentence; "" if nothing. Resolves no names."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "this is not an address."
    if parts.scheme not in ("https", "http") or not host:
        return "it must begin with https:// and name a host."
    if parts.username is not None or parts.query or parts.fragment:
        return "it must not contain a user name, a query or a fragment."
    named = _is_named(host, _literal(host), allow)
    if parts.scheme == "http" and not named:
        return "it must begin with https://; http is only for hosts in UAR_ALLOW_PRIVATE_HOSTS."
    literal = _literal(host)
    is_private = _name(host) == "localhost" or (literal is not None and not is_public(literal))
    if is_private and not named:
        return f"{host} is a private address; UAR_ALLOW_PRIVATE_HOSTS does not name it."
    return ""


def _is_named(host: str, ip: IPv4Address | IPv6Address | None, allow: Allowance) -> bool:
    plain = _name(host)
    if isinstance(ip, IPv6Address):
        ip = ip.ipv4_mapped or ip
    for entry in allow:
        if isinstance(entry, str):
            if entry == plain:
                return True
        elif ip is not None and ip in entry:
            return True
    return False


def _hidden(ip: IPv6Address) -> IPv4Address | None:
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip.teredo is not None:
        return ip.teredo[1]
    if ip in NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.split("%")[0])
    except ValueError:
        return None


def _name(host: str) -> str:
    return host.lower().rstrip(".")
