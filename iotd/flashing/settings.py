"""settings.json of a board: put together, and looked at by the board's own rules."""

from __future__ import annotations

import copy
import importlib
import json
import os
import re
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Iterator, Mapping

from iotd.errors import Invalid
from iotd.flashing.presets import kind_of, preset_of
from iotd.updates.firmware import firmware_folder

Settings = dict[str, Any]

#: What people say flat, and where it stands in settings.json.
_PLACES = {"id": ("id",), "host": ("server", "host"), "port": ("server", "port"),
           "tls": ("server", "tls")}
#: Stand for a secret while the rules look at the rest; nothing secret is on this disk.
_ANY_KEY, _ANY_WIFI = "0" * 64, {"ssid": "x", "password": ""}
#: A name of a network is told to nobody.
_SSID = re.compile(r"^(wifi\.\w+) is '.*'(?=: allowed is )")
_BORROWED = Lock()


class BadSettings(Invalid):
    """Settings that the board would refuse; ``faults`` has one sentence each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("The settings are not right: " + "; ".join(faults) + ".", "settings")
        self.faults = faults


def build(kind: str, preset: str | None, told: Mapping[str, Any], key: str) -> Settings:
    """Settings of a board: the preset's, over them what is told, and the key (64 hex digits).

    ``told`` has id, host, port and tls flat, the rest as in settings.json or with dotted keys.
    BadSettings names every fault; a missing ``wifi`` is none.
    """
    merged = merge(preset_of(kind, preset).settings, spread(told), {"key": key})
    check(kind, merged, wifi_needed=False)
    return merged


def spread(told: Mapping[str, Any]) -> Settings:
    """Flat and dotted keys as nested objects."""
    made: Settings = {}
    for name, value in told.items():
        place = _PLACES.get(name) or tuple(str(name).split("."))
        for each in reversed(place):
            value = {each: value}
        made = _over(made, value)
    return made


def merge(*layers: Mapping[str, Any]) -> Settings:
    """One over the other, object by object; None takes a key away."""
    made: Settings = {}
    for layer in layers:
        made = _over(made, layer)
    return _without_none(made)


def _over(below: Settings, layer: Mapping[str, Any]) -> Settings:
    made = dict(below)
    for name, value in layer.items():
        if isinstance(value, Mapping):
            there = made.get(name)
            made[name] = _over(there if isinstance(there, dict) else {}, value)
        else:
            made[name] = copy.deepcopy(value)
    return made


def _without_none(given: Settings) -> Settings:
    return {name: _without_none(value) if isinstance(value, dict) else value
            for name, value in given.items() if value is not None}


def check(kind: str, given: Settings, wifi_needed: bool = True) -> None:
    """BadSettings with every fault that the board itself would find."""
    faults = _SettingsFaults(kind_of(kind).name).of(_without_secrets(given, wifi_needed))
    if faults:
        raise BadSettings(faults)


def to_json(given: Settings) -> bytes:
    """As it lies on the board: the same bytes for the same settings."""
    return json.dumps(given, indent=1, sort_keys=True, ensure_ascii=True).encode() + b"\n"


def hardware(given: Settings) -> Settings:
    """What of a board's settings is about its wires and parts, not about who it is and where."""
    return {name: value for name, value in given.items()
            if name not in ("id", "key", "wifi", "server")}


def _without_secrets(given: Settings, wifi_needed: bool) -> Settings:
    """The same to the rules, with other secrets of the same length."""
    shown = copy.deepcopy(given)
    if _is_key(shown.get("key")):
        shown["key"] = _ANY_KEY
    if "wifi" not in shown and not wifi_needed:
        shown["wifi"] = dict(_ANY_WIFI)
    wifi = shown.get("wifi")
    for name in ("ssid", "password"):
        if isinstance(wifi, dict) and isinstance(wifi.get(name), str):
            wifi[name] = "x" * len(wifi[name])
    return shown


def _is_key(text: Any) -> bool:
    return isinstance(text, str) and len(text) == 64 and set(text) <= set("0123456789abcdefABCDEF")


class _SettingsFaults:
    """The board's own module, run here."""

    def __init__(self, kind: str) -> None:
        folder = firmware_folder()
        self._module = f"{kind}_settings"
        self._paths = [str(folder), str(folder / kind), str(folder / "camera")]

    def of(self, given: Settings) -> list[str]:
        """Every fault in its words, none for good settings."""
        descriptor, path = tempfile.mkstemp(prefix="iotd-settings-", suffix=".json")
        try:
            with os.fdopen(descriptor, "w") as file:
                json.dump(given, file)
            with _borrowed(self._paths):
                rules = importlib.import_module(self._module)
                errors = importlib.import_module("common.errors")
                try:
                    rules.load_settings(path)
                except errors.SettingsError as problem:
                    return [_SSID.sub(r"\1 is not right", str(fault)) for fault in problem.faults]
            return []
        finally:
            Path(path).unlink()


@contextmanager
def _borrowed(paths: list[str]) -> Iterator[None]:
    """The board's modules for a moment: their names must hide nothing here afterwards."""
    with _BORROWED:
        ours = {name: module for name, module in sys.modules.items() if _is_boards(name)}
        for name in ours:
            del sys.modules[name]
        written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        sys.path[:0] = paths
        try:
            yield
        finally:
            sys.dont_write_bytecode = written
            for path in paths:
                sys.path.remove(path)
            for name in [name for name in sys.modules if _is_boards(name)]:
                del sys.modules[name]
            sys.modules.update(ours)


def _is_boards(name: str) -> bool:
    top = name.partition(".")[0]
    return top in ("common", "sensors") or top.endswith("_settings")
