"""The address guard: which addresses a source or a redirect may lead to.

An allow list of what is public, made from the IANA special-purpose registries: `ipaddress.is_global` changes with the
interpreter and lets multicast, 6to4, NAT64 and IPv4-compatible addresses through.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from tracker.errors import ConfigError

_Address = IPv4Address | IPv6Address
_PUBLIC_V6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
#: Not public though inside the public space. 168.63.129.16 is a cloud's metadata service on a public address.
_SPECIAL = tuple(
    ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet; an IPv4 one inside an IPv6 one is judged itself."""
    ip = _innermost(ip_address(address))
    if ip.version == 6 and ip not in _PUBLIC_V6:
        return False
    return not any(ip in network for network in _SPECIAL)


def _innermost(ip: _Address) -> _Address:
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped:
            return ip.ipv4_mapped
        if ip in _NAT64:
            return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


class Guard:
    """Judges where a connection leads. `allow` are `[network] allow`: host:port, an address or a CIDR.

    Raises ConfigError for an entry that is none of these.
    """

    def __init__(self, allow: tuple[str, ...]) -> None:
        self._networks: list[IPv4Network | IPv6Network] = []
        self._places: set[tuple[str, int]] = set()
        problems = [entry for entry in allow if not self._admit(entry)]
        if problems:
            raise ConfigError(
                [f"tracker.toml: network.allow: {entry!r} is not host:port or CIDR" for entry in problems]
            )

    def _admit(self, entry: str) -> bool:
        try:
            self._networks.append(ip_network(entry, strict=False))
            return True
        except ValueError:
            host, _, port = entry.rpartition(":")
        if not host or not port.isascii() or not port.isdigit():
            return False
        self._places.add((host.strip("[]").lower(), int(port)))
        return True

    def permits(self, host: str, port: int, address: str) -> bool:
        """Whether a connection to `address`, which `host` resolved to, is public or allowed."""
        ip = _innermost(ip_address(address))
        if {(host.lower(), port), (str(ip), port)} & self._places or any(ip in network for network in self._networks):
            return True
        return is_public(address)
