"""The address guard: which addresses a source or a redirect may lead to. An allow list of what is public, made from the
IANA special-purpose registries: `ipaddress.is_global` changes with the interpreter and lets multicast, 6to4, NAT64 and
IPv4-compatible addresses through."""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_PUBLIC_V6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
#: Not public though inside the public space. 168.63.129.16 is a cloud's metadata service on a public address.
_SPECIAL = [*map(ip_network, (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
))]  # fmt: skip


def opened(entry: str) -> IPv4Network | IPv6Network | tuple[str, int]:
    """What an entry of `[network] allow` opens: a host and port, or an address or CIDR. Raises ValueError."""
    host, _, port = entry.rpartition(":")
    if re.fullmatch(r"\[[0-9A-Fa-f:.]+\]|[\w.-]+", host) and port.isdecimal() and 0 < int(port) < 65536:
        return host.strip("[]").lower(), int(port)
    return ip_network(entry)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet; an IPv4 one inside an IPv6 one is judged itself."""
    ip = _innermost(address)
    return (ip.version == 4 or ip in _PUBLIC_V6) and not any(ip in network for network in _SPECIAL)


def _innermost(address: str) -> IPv4Address | IPv6Address:
    ip = ip_address(address)
    if isinstance(ip, IPv6Address) and ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return getattr(ip, "ipv4_mapped", None) or ip


class Guard:
    """Judges where a connection leads. `allow` are `[network] allow`, as `opened` reads them."""

    def __init__(self, allow: tuple[str, ...]) -> None:
        self._opened = [opened(entry) for entry in allow]

    def permits(self, host: str, port: int, address: str) -> bool:
        """Whether a connection to `address`, which `host` resolved to, is public or allowed."""
        ip, places = _innermost(address), ((host.lower(), port), (str(_innermost(address)), port))
        allowed = any(each in places if isinstance(each, tuple) else ip in each for each in self._opened)
        return allowed or is_public(address)
