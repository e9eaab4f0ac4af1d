"""Who is really at the other end, and under which names this site is known."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Iterable
from urllib.parse import urlsplit

from twisted.internet.address import IPv4Address as TCP4
from twisted.internet.address import IPv6Address as TCP6
from twisted.logger import Logger
from twisted.web.http import Request

Address = IPv4Address | IPv6Address

FORWARDING = (b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via", b"x-forwarded-host")
DEFAULT_PORTS = {"http": 80, "https": 443}
MOST_NOTED = 64  # names, so that nobody fills the log with them
_HOST = re.compile(rb"\A(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9_.-]{1,253})(?::(\d{1,5}))?\Z")


@lru_cache(maxsize=1024)
def parse_address(text: str) -> Address | None:
    """An IP address without its scope; IPv4 in IPv6 clothes comes back as IPv4."""
    try:
        address = ip_address(text.strip().strip("[]").split("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def peer_of(peer: object) -> Address | None:
    """The IP address of a Twisted address; None for a socket of this machine's files."""
    return parse_address(peer.host) if isinstance(peer, (TCP4, TCP6)) else None


def split_host(host: bytes) -> tuple[str, int | None] | None:
    """Name and port of a Host header; None when it is no host at all."""
    found = _HOST.match(host)
    if found is None:
        return None
    name = found[1].decode().lower()
    return name.rstrip("."), int(found[2]) if found[2] else None


class Surroundings:
    """The proxies that are believed, and the names of this site."""

    _log = Logger()

    def __init__(self, trusted_proxies: Iterable[str] = (), public_url: str = "") -> None:
        self._proxies = [ip_network(each, strict=False) for each in trusted_proxies]
        self._public = urlsplit(public_url)
        self._noted: set[bytes] = set()

    def trusts(self, peer: Address | None) -> bool:
        """Whether what ``peer`` says about its clients is believed.

        None is a socket in the file system: a proxy that was let at the file.
        """
        return peer is None or any(peer in network for network in self._proxies)

    def client_address(self, request: Request) -> str:
        """The client's IP address, behind believed proxies the one they name."""
        peer = peer_of(request.client)
        if not self.trusts(peer):
            return str(peer)
        lines = request.requestHeaders.getRawHeaders(b"x-forwarded-for") or []
        for text in reversed(b",".join(lines).decode("latin-1").split(",")):
            named = parse_address(text)
            if named is None:
                break
            peer = named
            if not self.trusts(named):
                break
        return "unix" if peer is None else str(peer)

    def forwarded_https(self, request: Request) -> bool:
        """Whether a believed proxy says that its client came by TLS."""
        told = request.getHeader(b"x-forwarded-proto")
        if not told or not self.trusts(peer_of(request.client)):
            return False
        return told.split(b",")[-1].strip().lower() == b"https"

    def is_loopback(self, request: Request) -> bool:
        """Whether this very machine asks, and nobody through it.

        A name with a dot in it that is not ours may be another site's that was
        made to point here, so that a browser asks in its stead.
        """
        peer = peer_of(request.client)
        if peer is None or not peer.is_loopback or self.trusts(peer):
            return False
        if any(request.requestHeaders.hasHeader(name) for name in FORWARDING):
            return False
        name, _ = split_host(request.getHeader(b"host") or b"localhost") or ("not.a.host", None)
        return "." not in name or parse_address(name) is not None or name == self._public.hostname

    def note_host(self, request: Request) -> None:
        """Log a name that is not ours, once each: another site's may point here."""
        host = request.getHeader(b"host")
        if host is None or host in self._noted or len(self._noted) >= MOST_NOTED:
            return
        self._noted.add(host)
        name, _ = split_host(host) or ("", None)
        if "." in name and parse_address(name) is None and name != self._public.hostname:
            self._log.warn("asked for as {name}, which is not in public_url", name=name)

    def is_own(self, origin: str, request: Request) -> bool:
        """Whether ``origin`` (scheme://host[:port], or a longer URL) is this site."""
        try:
            parts = urlsplit(origin)
            theirs = (parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme))
        except ValueError:
            return False
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
            return False
        return theirs in self._names(request, DEFAULT_PORTS[parts.scheme])

    def _names(self, request: Request, port: int) -> set[tuple[str | None, int | None]]:
        hosts = [request.getHeader(b"host") or b""]
        if self.trusts(peer_of(request.client)):
            hosts.append((request.getHeader(b"x-forwarded-host") or b"").split(b",")[-1].strip())
        known = [split_host(host) for host in hosts]
        names = {(each[0].strip("[]"), each[1] or port) for each in known if each}
        public = self._public
        own = (public.hostname, public.port or DEFAULT_PORTS.get(public.scheme))
        return {*names, own}
