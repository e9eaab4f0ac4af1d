"""What Home Assistant is told of a thing: which entities it has, and their values.

A thing is a camera, a cabinet, its camera, a gate or the campus. Nothing that belongs to a
patient is one, nor any watch: see :func:`may_tell`.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, Mapping

#: Kinds of devices that may be told of. Watches and "other" measure people.
KINDS = {
    "camera": "Camera", "cabinet": "Cabinet", "cabinet_camera": "Cabinet camera", "gate": "Gate",
}
CAMPUS = "campus"
DIAGNOSTIC = "diagnostic"
MOST_ITEMS = 50  # of one cabinet
SENSOR, BINARY = "sensor", "binary_sensor"

#: What rooms say of one thing, by room: "device", "camera", "cabinet", "gate", "board", "campus".
Facts = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Entity:
    """One value of a thing. ``value(facts)`` gives what goes into the state's JSON: None is
    "unknown" there, True and False are ON and OFF. ``always``: also while the thing is away."""

    key: str
    platform: str
    name: str
    value: Callable[[Facts], Any] = field(compare=False)
    device_class: str | None = None
    unit: str | None = None
    state_class: str | None = None
    category: str | None = None
    options: tuple[str, ...] = ()
    enabled: bool = True
    always: bool = False


def may_tell(device: Mapping[str, Any], cabinets: Iterable[Mapping[str, Any]]) -> bool:
    """Whether Home Assistant may know of a device; ``cabinets`` are all devices of that kind.

    A patient's things are habits, and habits are health: not even that they exist is told. A
    cabinet camera looks into the cabinet it is assigned to, or, assigned to none, into any
    cabinet without a camera of its own.
    """
    if device.get("state") not in ("online", "offline") or device.get("kind") not in KINDS:
        return False
    if device.get("patient") is not None:
        return False
    if device["kind"] != "cabinet_camera":
        return True
    patients = [each for each in cabinets if each.get("patient") is not None]
    return all(each.get("camera") not in (None, device["id"]) for each in patients)


def object_id(device_id: str) -> str:
    """A device's name in topics and identifiers: letters, digits, _ and - as Home Assistant
    wants them; a gate's id may have dots."""
    if re.fullmatch(r"[A-Za-z0-9_-]+", device_id):
        return f"iotd-{device_id}"
    plain = re.sub(r"[^A-Za-z0-9_-]", "-", device_id)
    return f"iotd-{plain}_{zlib.crc32(device_id.encode()):08x}"


def entities(facts: Facts) -> list[Entity]:
    """What a thing has, from what is known of it."""
    if "campus" in facts:
        return list(_CAMPUS)
    found = [_CONNECTED, *_OF_ROOM.get(facts["device"]["kind"], ())]
    if "cabinet" in facts:
        found += _CABINET
        found += [_item(name) for name in sorted(facts["cabinet"]["items"])[:MOST_ITEMS]]
    if facts.get("board", {}).get("version") is not None:  # it tells of itself
        found += _BOARD
    return found + [each for each in _TOLD if each.value(facts) is not None]


def values(facts: Facts) -> dict[str, Any]:
    """The state: each entity's value by its key."""
    return {each.key: _shown(each.value(facts)) for each in entities(facts)}


def _shown(value: Any) -> Any:
    return {True: "ON", False: "OFF"}[value] if isinstance(value, bool) else value


def _of(room: str, key: str) -> Callable[[Facts], Any]:
    return lambda facts: facts.get(room, {}).get(key)


def _minute(room: str, key: str) -> Callable[[Facts], Any]:
    """A time to the minute: its seconds would be news, and a row of history, every second."""
    def value(facts: Facts) -> Any:
        text = facts.get(room, {}).get(key)
        return f"{text[:16]}:00Z" if isinstance(text, str) else None

    return value


def _is(room: str, key: str, on: str, off: str) -> Callable[[Facts], bool | None]:
    def value(facts: Facts) -> bool | None:
        return {on: True, off: False}.get(facts.get(room, {}).get(key, ""))

    return value


def _fps(facts: Facts) -> float | None:
    """To a half: a camera's rate is never the same twice."""
    fps = facts.get("camera", {}).get("fps")
    return None if fps is None else round(float(fps) * 2) / 2


def _firmware(facts: Facts) -> str | None:
    board = facts.get("board", {})
    version, build = board.get("version"), board.get("build")
    if version is None:
        return facts.get("device", {}).get("firmware")
    return version if build is None else f"{version}+{build}"


def _signal(facts: Facts) -> int | None:
    told = facts.get("board", {}).get("rssi")
    return facts.get("device", {}).get("rssi") if told is None else told


def _item(name: str) -> Entity:
    # people name items in any letters: the key is made of the name, so that it stays
    key = "item_" + hashlib.sha256(name.encode()).hexdigest()[:10]
    return Entity(
        key, SENSOR, name, lambda facts: facts["cabinet"]["items"].get(name),
        state_class="measurement",
    )


_CONNECTED = Entity(
    "connected", BINARY, "Connected", _is("device", "state", "online", "offline"),
    "connectivity", category=DIAGNOSTIC, always=True,
)
_OF_ROOM: Mapping[str, tuple[Entity, ...]] = {
    "camera": (
        Entity("streaming", BINARY, "Streaming", lambda facts: _streams(facts), "running"),
        Entity("fps", SENSOR, "Frame rate", _fps, unit="fps", state_class="measurement"),
        Entity("viewers", SENSOR, "Viewers", _of("camera", "viewers"), state_class="measurement"),
        Entity("last_frame", SENSOR, "Last frame", _minute("camera", "last_frame_at"),
               "timestamp"),
    ),
    "gate": (
        Entity("direction", SENSOR, "Direction", _of("gate", "direction"), "enum",
               options=("entry", "exit"), category=DIAGNOSTIC),
        Entity("messages_per_minute", SENSOR, "Messages per minute",
               _of("gate", "messages_per_minute"), state_class="measurement"),
        Entity("last_heard", SENSOR, "Last heard", _minute("gate", "last_seen"), "timestamp",
               always=True),
    ),
}
_CABINET = (
    Entity("door", BINARY, "Door", _is("cabinet", "door", "open", "closed"), "door"),
    Entity("weight", SENSOR, "Weight", _of("cabinet", "weight_g"), "weight", "g", "measurement"),
    Entity("lights", BINARY, "Lights", _is("cabinet", "lights", "on", "off"), "light"),
)
_BOARD = (
    Entity("last_start", SENSOR, "Last start", _of("board", "booted_at"), "timestamp",
           category=DIAGNOSTIC),
    Entity("restarts", SENSOR, "Restarts", _of("board", "restarts"),
           state_class="total_increasing", category=DIAGNOSTIC),
    Entity("start_reason", SENSOR, "Reason of last start", _of("board", "reset"),
           category=DIAGNOSTIC),
    Entity("free_memory", SENSOR, "Free memory", _of("board", "free_memory"), "data_size", "B",
           "measurement", DIAGNOSTIC, enabled=False),
)
_TOLD = (
    Entity("signal", SENSOR, "Signal", _signal, "signal_strength", "dBm", "measurement",
           DIAGNOSTIC),
    Entity("firmware", SENSOR, "Firmware", _firmware, category=DIAGNOSTIC),
)
_CAMPUS = (
    Entity("inside", SENSOR, "Inside", _of("campus", "inside"), state_class="measurement"),
    Entity("outside", SENSOR, "Outside", _of("campus", "outside"), state_class="measurement"),
)


def _streams(facts: Facts) -> bool | None:
    state = facts.get("camera", {}).get("state")
    return None if state is None else bool(state == "streaming")
