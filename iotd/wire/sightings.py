"""What gates publish: whom they saw, which badge was shown; and the same for senders.

    sample                  0 WiFi: BSSID: aa:bb:cc:dd:ee:ff, Signal: -45 dBm; BSSID: ...
    iotd/gate/<id>/seen     {"boot":"9f2c","seq":17,"ts":1732150000.2,"direction":"entry",
                             "seen":[{"mac":"aa:bb:cc:dd:ee:ff","rssi":-45}]}    or a list
    iotd/gate/<id>/badge    {..., "direction":"entry","uid":"04A1B2C3","method":"rfid"}
    iotd/gate/<id>/replay   {"boot":"9f2c","from":12,"to":16}

Reasons of faults name the field, what was there and what is allowed; they show no address.
"""

from __future__ import annotations

import json
import re
from typing import Any, Callable, Iterable

from iotd.wire.macs import is_local, normalise_mac, normalise_uid, show, spell_mac
from iotd.wire.sighting_events import (
    DIRECTIONS, ENTRY, EXIT, MAX_BACKLOG, MAX_BYTES, MAX_RSSI, MAX_SEEN, MAX_SEQ, MAX_TEXT_BYTES,
    MAX_TS, METHODS, MIN_RSSI, GateBadge, GateSeen, MalformedMessage, Replay, Sight, TextSeen,
)

__all__ = [
    "DIRECTIONS", "ENTRY", "EXIT", "METHODS", "GateBadge", "GateSeen", "MalformedMessage",
    "Replay", "Sight", "TextSeen", "is_local", "normalise_mac", "normalise_uid", "parse_badge",
    "parse_replay", "parse_seen", "parse_text", "spell_mac",
]

#: Makes something of an address in any spelling; ValueError says what is wrong with it.
ReadMac = Callable[[str], Any]


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number here")


# of a key that stands twice the last one counts, as it does for most readers of JSON
_DECODER = json.JSONDecoder(parse_constant=_no_constant)

_BOOT = re.compile(r"[!-~]{1,32}")
_TEXT = re.compile(r"\s*([01])\s*WiFi\s*:", re.I | re.ASCII)
_BSSID = re.compile(
    r"BSSID\s{0,4}:\s{0,4}([0-9a-f:.\-]{12,17})(?![0-9a-z:.\-])"
    r"(?:\s{0,4},\s{0,4}Signal\s{0,4}:\s{0,4}([+-]?\d{1,3})(?!\d))?",
    re.I | re.ASCII,
)


def parse_text(payload: bytes, read_mac: ReadMac = normalise_mac) -> TextSeen:
    """What a field gate published; MalformedMessage when it is nothing of the kind.

    Case and spaces don't matter, the strength may be missing, and what is no whole address
    is passed over.
    """
    if len(payload) > MAX_TEXT_BYTES:
        raise MalformedMessage(f"{len(payload)} bytes: allowed are {MAX_TEXT_BYTES}")
    text = payload.decode("ascii", "replace")
    head = _TEXT.match(text)
    if head is None:
        raise MalformedMessage('does not begin with "0 WiFi:" (entry) or "1 WiFi:" (exit)')
    seen = [*_texts_seen(text[head.end():], read_mac)]
    if len(seen) > MAX_SEEN:
        raise MalformedMessage(f"{len(seen)} addresses: allowed are {MAX_SEEN}")
    return TextSeen(int(head[1]), tuple(seen))


def _texts_seen(text: str, read_mac: ReadMac) -> Iterable[Sight]:
    for address, signal in _BSSID.findall(text):
        try:
            mac = read_mac(address)
        except ValueError:
            continue
        known = bool(signal) and MIN_RSSI <= int(signal) <= MAX_RSSI
        yield mac, int(signal) if known else None


def parse_seen(
    payload: bytes, read_mac: ReadMac = normalise_mac
) -> tuple[list[GateSeen], list[str]]:
    """What one message or a backlog says, and what was wrong in it.

    Each message of a backlog is judged alone; a bad address costs only itself.
    MalformedMessage when it is no JSON of the kind.
    """
    good: list[GateSeen] = []
    faults: list[str] = []
    for one in _listed(payload):
        try:
            good.append(_seen(one, read_mac, faults))
        except MalformedMessage as fault:
            faults.append(str(fault))
    return good, faults


def parse_badge(payload: bytes) -> tuple[list[GateBadge], list[str]]:
    """As :func:`parse_seen`, for badges."""
    good: list[GateBadge] = []
    faults: list[str] = []
    for one in _listed(payload):
        try:
            good.append(_badge(one))
        except MalformedMessage as fault:
            faults.append(str(fault))
    return good, faults


def parse_replay(payload: bytes) -> Replay:
    """What the daemon asks of a gate; MalformedMessage when it is nothing of the kind."""
    asked = _load(payload)
    try:
        wanted = Replay(asked["boot"], asked["from"], asked["to"])
    except (TypeError, KeyError):
        raise MalformedMessage("is no object with boot, from and to") from None
    _check_boot(wanted.boot)
    if not (_is_seq(wanted.first) and _is_seq(wanted.last) and wanted.first <= wanted.last):
        raise MalformedMessage(f"from {show(wanted.first)} to {show(wanted.last)} is no span")
    return wanted


def _listed(payload: bytes) -> list[Any]:
    found = _load(payload)
    if not isinstance(found, list):
        return [found]
    if len(found) > MAX_BACKLOG:
        raise MalformedMessage(f"a list of {len(found)}: allowed are {MAX_BACKLOG} messages")
    return found


def _load(payload: bytes) -> Any:
    if len(payload) > MAX_BYTES:
        raise MalformedMessage(f"{len(payload)} bytes: allowed are {MAX_BYTES}")
    try:
        return _DECODER.decode(payload.decode())
    except UnicodeDecodeError:
        raise MalformedMessage("is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise MalformedMessage(f"is no JSON: {error.msg} at character {error.pos}") from None
    except ValueError as error:
        raise MalformedMessage(f"is no JSON: {str(error).partition(';')[0]}") from None
    except RecursionError:
        raise MalformedMessage("is no JSON of this kind: nested too deep") from None


def _seen(one: Any, read_mac: ReadMac, faults: list[str]) -> GateSeen:
    try:
        boot, seq, ts = one["boot"], one["seq"], one["ts"]
        direction, listed = one["direction"], one["seen"]
    except (TypeError, KeyError):
        raise _lacking(one, ("boot", "seq", "ts", "direction", "seen")) from None
    way = _head(boot, seq, ts, direction)
    if type(listed) is not list:
        raise MalformedMessage(f"seen is {show(listed)}: allowed is a list")
    if len(listed) > MAX_SEEN:
        raise MalformedMessage(f"seen has {len(listed)} addresses: allowed are {MAX_SEEN}")
    return GateSeen(boot, seq, ts, way, _sights(listed, read_mac, faults))


def _sights(listed: list[Any], read_mac: ReadMac, faults: list[str]) -> tuple[Sight, ...]:
    seen = []
    try:
        for one in listed:
            rssi = one["rssi"]
            if type(rssi) is not int or rssi < MIN_RSSI or rssi > MAX_RSSI:
                break
            seen.append((read_mac(one["mac"]), rssi))
        else:
            return tuple(seen)
    except (TypeError, KeyError, ValueError):
        pass  # something is unusual: see what
    return tuple(_judged_sights(listed, read_mac, faults))


def _judged_sights(listed: list[Any], read_mac: ReadMac, faults: list[str]) -> Iterable[Sight]:
    for one in listed:
        try:
            mac, rssi = read_mac(one["mac"]), one.get("rssi")
        except (TypeError, KeyError, ValueError):
            faults.append(_bad_sight(one))
            continue
        if rssi is None or type(rssi) in (int, float) and MIN_RSSI <= rssi <= MAX_RSSI:
            yield mac, rssi
        else:
            faults.append(f"rssi is {show(rssi)}: allowed are {MIN_RSSI} to {MAX_RSSI} dBm")


def _bad_sight(one: Any) -> str:
    if not isinstance(one, dict) or "mac" not in one:
        return f"seen holds {show(one)}: allowed are objects with mac and rssi"
    try:
        normalise_mac(one["mac"])
    except (TypeError, ValueError) as error:
        why = str(error) if type(error) is ValueError else "is no text"
    return f"mac {show(one['mac'])} {why}"


def _badge(one: Any) -> GateBadge:
    try:
        boot, seq, ts = one["boot"], one["seq"], one["ts"]
        direction, uid, method = one["direction"], one["uid"], one["method"]
    except (TypeError, KeyError):
        raise _lacking(one, ("boot", "seq", "ts", "direction", "uid", "method")) from None
    way = _head(boot, seq, ts, direction)
    if method not in METHODS:
        raise MalformedMessage(f"method is {show(method)}: allowed are {', '.join(METHODS)}")
    try:
        return GateBadge(boot, seq, ts, way, normalise_uid(uid), method)
    except (AttributeError, ValueError):
        raise MalformedMessage(f"uid is {show(uid)}: allowed are 1 to 64 hex digits") from None


def _head(boot: Any, seq: Any, ts: Any, direction: Any) -> int:
    """The direction, when all of them are as they should be."""
    _check_boot(boot)
    if not _is_seq(seq):
        raise MalformedMessage(f"seq is {show(seq)}: allowed are whole numbers from 0 to 2**53")
    if ts is not None and not (type(ts) in (int, float) and -MAX_TS < ts < MAX_TS):
        raise MalformedMessage(f"ts is {show(ts)}: allowed are Unix seconds, or null")
    if direction == "entry":
        return ENTRY
    if direction == "exit":
        return EXIT
    raise MalformedMessage(f"direction is {show(direction)}: allowed are entry and exit")


def _check_boot(boot: Any) -> None:
    if type(boot) is not str or not _BOOT.fullmatch(boot):
        raise MalformedMessage(
            f"boot is {show(boot)}: allowed are 1 to 32 printable characters without spaces"
        )


def _is_seq(seq: Any) -> bool:
    return type(seq) is int and 0 <= seq <= MAX_SEQ


def _lacking(one: Any, keys: tuple[str, ...]) -> MalformedMessage:
    if not isinstance(one, dict):
        return MalformedMessage(f"is {show(one)}: allowed is an object, or a list of them")
    missing = next(key for key in keys if key not in one)
    return MalformedMessage(f"{missing} is missing: needed are {', '.join(keys)}")
