"""The settings a board is to have: from what is on it, what was wished, and what is asked."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
from typing import Any, Mapping

from iotd.devices import model as devices
from iotd.errors import Invalid
from iotd.flashing import settings
from iotd.flashing.model import Facts, default_id
from iotd.flashing.presets import KINDS, kind_of, preset_of
from iotd.flashing.wishes import Choice, Daemon, People, Wishes

Settings = dict[str, Any]
#: Stands for the key until the daemon made one.
NO_KEY = "0" * 64
_KEY = re.compile(r"[0-9a-fA-F]{64}")


def choose(facts: Facts, wishes: Wishes, people: People, daemon: Daemon) -> tuple[str, Settings]:
    """Kind of firmware and settings, without a key unless one was given; BadSettings tells
    every fault."""
    kind = _kind(facts, wishes, people)
    told = settings.spread(wishes.settings)
    made = settings.merge(_hardware(kind, facts, wishes, people), told)
    made["id"] = _id(kind, facts, wishes, made, people)
    made["wifi"] = _wifi(facts, wishes, told, people)
    made["server"] = _server(kind, facts, wishes, told, people, daemon)
    settings.check(kind, settings.merge({"key": NO_KEY}, made))
    return kind, made


def secrets_in(*found: Mapping[str, Any]) -> tuple[str, ...]:
    """What must be in no line that people see: keys, passwords, names of networks."""
    kept = []
    for each in found:
        wifi = each.get("wifi")
        of_wifi = [wifi.get("ssid"), wifi.get("password")] if isinstance(wifi, Mapping) else []
        kept += [text for text in (each.get("key"), *of_wifi) if isinstance(text, str)]
    return tuple(dict.fromkeys(text for text in kept if text and text != NO_KEY))


def proof_of(facts: Facts, id: str) -> tuple[str, str] | None:
    """That the board holds a key for this id: a nonce and HMAC-SHA256(key, iotd1|flash|…) in
    hex; None when it holds none."""
    key = facts.settings.get("key")
    if facts.settings.get("id") != id or not isinstance(key, str) or not _KEY.fullmatch(key):
        return None
    nonce = secrets.token_hex(16)
    told = f"iotd1|flash|{id}|{nonce}".encode()
    return nonce, hmac.new(bytes.fromhex(key), told, hashlib.sha256).hexdigest()


def _kind(facts: Facts, wishes: Wishes, people: People) -> str:
    known = [kind.name for kind in KINDS]
    if wishes.kind is not None:
        return kind_of(wishes.kind).name
    if facts.version.get("kind") in known:
        return str(facts.version["kind"])
    choices = [Choice(kind.name, f"{kind.title}: {kind.about}") for kind in KINDS]
    return people.choose("What is this board to be?", "--kind", choices)


def _id(kind: str, facts: Facts, wishes: Wishes, made: Settings, people: People) -> str:
    given = wishes.id or made.get("id")
    before = facts.settings.get("id")
    if given is None and isinstance(before, str) and _fits(before, kind):
        return before
    if given is None:
        given = people.text("Its id", "--id", default_id(kind, facts.unique))
    devices.check_id(str(given), kind)
    return str(given)


def _fits(id: str, kind: str) -> bool:
    try:
        devices.check_id(id, kind)
    except Invalid:
        return False
    return True


def _hardware(kind: str, facts: Facts, wishes: Wishes, people: People) -> Settings:
    """A preset's, or what the board has when it is of this kind already."""
    if wishes.preset is not None:
        return dict(preset_of(kind, wishes.preset).settings)
    if facts.settings and facts.version.get("kind") == kind:
        return settings.hardware(dict(facts.settings))
    presets = kind_of(kind).presets
    if len(presets) == 1 or settings.hardware(settings.spread(wishes.settings)):
        return dict(presets[0].settings)
    choices = [Choice(each.name, f"{each.title}: {each.about}") for each in presets]
    name = people.choose("Which board is it?", "--preset", choices, usual=True)
    return dict(preset_of(kind, name).settings)


def _wifi(facts: Facts, wishes: Wishes, told: Settings, people: People) -> Settings:
    wished = wishes.wifi if wishes.wifi is not None else told.get("wifi")
    if isinstance(wished, Mapping):
        return dict(wished)
    there = facts.settings.get("wifi")
    if isinstance(there, Mapping) and there.get("ssid") and wished != "ask":
        return dict(there)
    if wished == "keep":
        raise Invalid("The board has no Wi-Fi to keep: give it with --wifi FILE or ask.", "wifi")
    name = people.text("Name of the Wi-Fi (2.4 GHz)", "--wifi", None)
    return {"ssid": name, "password": people.secret("Its password (not shown)", "--wifi")}


def _server(
    kind: str, facts: Facts, wishes: Wishes, told: Settings, people: People, daemon: Daemon
) -> Settings:
    given = told.get("server")
    given = dict(given) if isinstance(given, Mapping) else {}
    port, tls = daemon.wire(kind, given.get("tls"))
    before = facts.settings.get("server")
    host_before = before.get("host") if isinstance(before, Mapping) else None
    host = wishes.server or given.get("host") or daemon.host(host_before)
    if not host:
        host = people.text("Address of this machine in the boards' Wi-Fi", "--server", None)
    made = {"host": host, "port": given.get("port") or port, "tls": given.get("tls", tls) or None}
    if made["port"] is None:
        raise Invalid(
            "The daemon's port for these boards is not known: give it in a file for --settings,"
            ' {"server": {"port": 9001}}.', "settings",
        )
    return settings.merge(given, made)


def host_for(before: str | None, own: list[str]) -> str:
    """The host to tell a board: as before when that is a name or one of our addresses."""
    if before and (before in own or not _is_address(before)):
        return before
    return own[0] if own else ""


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False
