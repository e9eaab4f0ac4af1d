"""One frozen configuration from defaults, a TOML file and the environment.

``load(path, environ, data_dir)`` gives a :class:`Config`, or raises
:class:`ConfigFaults` with every fault at once. Attributes are the keys::

    config.data_dir                      absolute Path
    config.site     .name .timezone .public_url (no trailing slash)
    config.web      .listen .trusted_proxies .max_connections .max_connections_per_address
    config.devices  .listen .enrolment .poll_seconds .max_message_bytes .max_connections ...
    config.cameras  .listen .max_frame_bytes .on_demand .max_connections ...
    config.mqtt     .broker .listen .legacy_topic
    config.campus   .repeat_seconds .min_rssi .anonymous_counts
    config.alerts   .smtp .mail_from .mail_to .webhooks .values
    config.cabinet  .detector .detector_items
    config.store    .url

Lists are tuples of str. ``mqtt.broker``, ``alerts.smtp``, ``alerts.webhooks`` and
``store.url`` are str for use and hide their password in ``repr``;
``config_faults.masked(url)`` is for people.
"""

from __future__ import annotations

import os
from itertools import combinations
from pathlib import Path
from typing import Any, Iterator, Mapping

from pydantic import ValidationError

from iotd.config_checks import same_port
from iotd.config_faults import ConfigFaults, Fault, nearest, quoted
from iotd.config_sections import KINDS, SECTIONS, Config, allowed_for
from iotd.config_sources import Entry, read_environment, read_file, variable_of

__all__ = ["Config", "ConfigFaults", "Fault", "KINDS", "load", "variable_of"]

TOP = ("data_dir", *(f"[{section}]" for section in SECTIONS))
#: What needs what: (key that is set, key that must be set then).
NEEDS = (
    ("alerts.smtp", "alerts.mail_from"),
    ("alerts.mail_to", "alerts.smtp"),
    ("cabinet.detector", "cabinet.detector_items"),
)
LISTENERS = ("web.listen", "devices.listen", "cameras.listen", "mqtt.listen")


def load(
    path: Path | str | None = None,
    environ: Mapping[str, str] | None = None,
    data_dir: Path | str | None = None,
) -> Config:
    """The configuration in effect: ``data_dir`` beats the environment beats the file.

    A relative data_dir is taken from the working directory. Raises ConfigFaults.
    """
    entries, faults = read_file(Path(path)) if path is not None else ({}, [])
    entries, unknown = _sorted_out(entries)
    faults += unknown
    overrides, strangers = read_environment(os.environ if environ is None else environ, KINDS)
    faults += [_stranger(name, meant) for name, meant in strangers.items()]
    entries.update(overrides)
    if data_dir is not None:
        entries["data_dir"] = Entry(str(data_dir), "--data")
    config, wrong = _checked(entries)
    faults += wrong
    if faults:
        # as one reads the file, then the environment
        faults.sort(key=lambda each: (each.where != str(path), each.line or 0))
        raise ConfigFaults(faults)
    return config


def _sorted_out(entries: Mapping[str, Entry]) -> tuple[dict[str, Entry], list[Fault]]:
    """Entries of known keys, and a fault for each unknown key or section.

    Keys of a misspelt section are checked as the nearest one's, so that their
    faults are told at once as well.
    """
    known = {key: entry for key, entry in entries.items() if key in KINDS}
    faults = []
    for key, entry in entries.items():
        section, _, name = key.partition(".")
        if key in KINDS or (key in SECTIONS and entry.value == {}):
            continue
        if not name and isinstance(entry.value, dict):
            faults.append(_unknown_section(section, entry))
        elif not name or section in SECTIONS:
            faults.append(_unknown_key(key, entry))
        elif (near := nearest(section, SECTIONS)) is not None:
            if f"{near}.{name}" in KINDS:
                known.setdefault(f"{near}.{name}", entry)
            else:
                faults.append(_unknown_key(f"{near}.{name}", entry))
    return known, faults


def _unknown_section(name: str, entry: Entry) -> Fault:
    near = nearest(name, SECTIONS)
    allowed = None if near else "one of " + ", ".join(f"[{each}]" for each in SECTIONS)
    problem = "is not a section"
    return _fault(entry, f"[{name}]", problem, allowed, near and f"[{near}]")


def _unknown_key(key: str, entry: Entry) -> Fault:
    section, _, name = key.rpartition(".")
    if key in SECTIONS:
        return _fault(entry, key, f"is {quoted(entry.value)}", f"a section, [{key}]")
    beside = {k.rpartition(".")[2]: k for k in KINDS if k.rpartition(".")[0] == section}
    near = beside.get(nearest(name, beside) or "") or _same_name(name)
    allowed = None if near else "one of " + ", ".join(beside.values() if section else TOP)
    return _fault(entry, key, "is not a key", allowed, near)


def _fault(
    entry: Entry, key: str, problem: str, allowed: str | None, near: str | None = None
) -> Fault:
    return Fault(entry.where, key, problem, allowed, near, entry.line)


def _same_name(name: str) -> str | None:
    """The dotted key, in whatever section, whose last part is most like ``name``."""
    by_name = {key.rpartition(".")[2]: key for key in reversed(KINDS)}
    return by_name.get(nearest(name, by_name) or "")


def _stranger(variable: str, meant: str) -> Fault:
    near = meant or nearest(variable, map(variable_of, KINDS))
    allowed = None if near else "IOTD_DATA_DIR or IOTD_SECTION__KEY"
    return Fault("environment", variable, "names no key", allowed, near)


def _checked(entries: Mapping[str, Entry]) -> tuple[Config, list[Fault]]:
    """The configuration, with the default where a value is wrong, and the faults."""
    faults: dict[tuple[Any, ...], Fault] = {}
    try:
        config = Config.model_validate(_nested(entries))
    except ValidationError as problem:
        for error in problem.errors(include_url=False):
            faults[error["loc"]] = _wrong_value(_key_of(error), entries[_key_of(error)], error)
        bad = {fault.key for fault in faults.values()}
        good = {key: entry for key, entry in entries.items() if key not in bad}
        config = Config.model_validate(_nested(good))
    config._sources.update({key: str(entry) for key, entry in entries.items()})
    bad = {fault.key for fault in faults.values()}
    # a list with bad items only also counts as too short: the items say enough
    told = [f for loc, f in faults.items() if len(loc) > 2 or not _has_items(loc, faults)]
    told += _shared_ports(config, entries, set(LISTENERS) - bad)
    return config, [*told, *_lonely(config, entries, bad)]


def _key_of(error: Any) -> str:
    section, *rest = error["loc"]
    return f"{section}.{rest[0]}" if section in SECTIONS else "data_dir"


def _has_items(loc: tuple[Any, ...], faults: Mapping[tuple[Any, ...], Fault]) -> bool:
    return any(len(other) > 2 and other[:2] == loc for other in faults)


def _nested(entries: Mapping[str, Entry]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for key, entry in entries.items():
        section, _, name = key.rpartition(".")
        (nested.setdefault(section, {}) if section else nested)[name] = entry.value
    return nested


def _wrong_value(key: str, entry: Entry, error: Any) -> Fault:
    told = error.get("ctx", {}) if error["type"] == "wrong" else {}
    verb = "has" if len(error["loc"]) > 2 else "is"
    reason = f" ({told['reason']})" if told.get("reason") else ""
    near = quoted(told["near"]) if told.get("near") else _nearest_word(error)
    problem = f"{verb} {quoted(error['input'])}{reason}"
    return _fault(entry, key, problem, allowed_for(key), near)


def _nearest_word(error: Any) -> str | None:
    if error["type"] != "literal_error" or not isinstance(error["input"], str):
        return None
    near = nearest(error["input"], ["approve", "open", "keyed"])
    return quoted(near) if near else None


def _shared_ports(
    config: Config, entries: Mapping[str, Entry], good: set[str]
) -> Iterator[Fault]:
    keys = [key for key in LISTENERS if key in good]
    listeners = [(key, each) for key in keys for each in _listening(config, key)]
    for (one, here), (other, there) in combinations(listeners, 2):
        port = same_port(here, there)
        if port is not None:
            # the one that somebody wrote is the one to change
            key, beside = (other, one) if other in entries else (one, other)
            problem = f"and {beside} share port {port}: {quoted(here)} and {quoted(there)}"
            yield _fault(entries[key], key, problem, "a port of its own")


def _lonely(config: Config, entries: Mapping[str, Entry], bad: set[str]) -> Iterator[Fault]:
    """Keys that mean nothing without another one that is not set."""
    values = {key: value for key, value, _ in config.items()}
    for key, other in NEEDS:
        if values[key] and not values[other] and not {key, other} & bad:
            yield _fault(entries[key], key, f"is set and {other} is not",
                         f"{other} as {allowed_for(other)}")


def _listening(config: Config, key: str) -> tuple[str, ...]:
    if key == "mqtt.listen":
        return (config.mqtt.listen,) if config.mqtt.broker == "embedded" else ()
    listen: tuple[str, ...] = getattr(config, key.partition(".")[0]).listen
    return listen
