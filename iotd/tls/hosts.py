"""What this machine is called, and its addresses in the house's network."""

from __future__ import annotations

import fcntl
import ipaddress
import socket
import struct
from pathlib import Path
from typing import Iterator

from iotd.tls.names import fitting

SIOCGIFADDR = 0x8915
IF_INET6 = Path("/proc/net/if_inet6")
# temporary, tentative, deprecated (linux/if_addr.h): gone tomorrow
PASSING = 0x01 | 0x40 | 0x20


def own_names() -> tuple[str, ...]:
    """Names and addresses of this host that others can use; may read /proc, asks no server."""
    host = socket.gethostname()
    # how phones and laptops find it where no DNS server knows it
    local = () if "." in host else (f"{host}.local",)
    always = ("localhost", "127.0.0.1", "::1")
    return fitting((*always, host, *local, *_outward(), *_ipv4(), *_ipv6()))


def _outward() -> Iterator[str]:
    """The addresses of the default route: connecting a UDP socket sends nothing."""
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((far, 9))
                address = str(probe.getsockname()[0])
        except OSError:
            continue
        if not _passing(address):
            yield address


def _ipv4() -> Iterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for _, name in _interfaces():
            try:
                wanted = struct.pack("256s", name.encode()[:15])
                answer = fcntl.ioctl(asked.fileno(), SIOCGIFADDR, wanted)
            except OSError:
                continue  # it has none
            yield socket.inet_ntoa(answer[20:24])


def _interfaces() -> list[tuple[int, str]]:
    try:
        return socket.if_nameindex()
    except OSError:
        return []


def _ipv6() -> Iterator[str]:
    for address, _, flags in _table():
        if not flags & PASSING and not address.is_link_local:
            yield str(address)


def _passing(text: str) -> bool:
    address = ipaddress.ip_address(text)
    return any(known == address and flags & PASSING for known, _, flags in _table())


def _table() -> list[tuple[ipaddress.IPv6Address, str, int]]:
    """Lines ``<32 hex> <index> <prefix> <scope> <flags> <interface>``, numbers in hex."""
    try:
        lines = IF_INET6.read_text().splitlines()
    except OSError:
        return []
    rows = [line.split() for line in lines]
    return [
        (ipaddress.IPv6Address(bytes.fromhex(row[0])), row[5], int(row[4], 16))
        for row in rows if len(row) == 6
    ]
