"""What Home Assistant takes as discovery of a device, as it documents it; and what it makes of it.

From home-assistant/core: components/mqtt/{abbreviations,discovery,schemas,config,entity,sensor,
binary_sensor}.py and components/{sensor,binary_sensor}/const.py as of 2025, and from
https://www.home-assistant.io/integrations/mqtt/ (…/sensor.mqtt/, …/binary_sensor.mqtt/): only
of the two platforms that are used, and of device classes that have anything to do with boards.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import AbstractSet, Any, Iterator, Mapping

#: discovery.py, TOPIC_MATCHER: component, node (not used), object.
TOPIC = re.compile(r"(\w+)/(?:([a-zA-Z0-9_-]+)/)?([a-zA-Z0-9_-]+)/config")

#: abbreviations.py, those of the keys below.
ABBREVIATIONS = {
    "avty": "availability", "avty_mode": "availability_mode", "avty_t": "availability_topic",
    "avty_tpl": "availability_template", "cmd_t": "command_topic", "cmps": "components",
    "def_ent_id": "default_entity_id", "dev": "device", "dev_cla": "device_class",
    "e": "encoding", "en": "enabled_by_default", "ent_cat": "entity_category",
    "ent_pic": "entity_picture", "exp_aft": "expire_after", "frc_upd": "force_update",
    "ic": "icon", "json_attr_t": "json_attributes_topic",
    "json_attr_tpl": "json_attributes_template", "lrst_val_tpl": "last_reset_value_template",
    "o": "origin", "off_dly": "off_delay", "ops": "options", "p": "platform",
    "pl_avail": "payload_available", "pl_not_avail": "payload_not_available",
    "pl_off": "payload_off", "pl_on": "payload_on", "stat_cla": "state_class",
    "stat_t": "state_topic", "sug_dsp_prc": "suggested_display_precision", "t": "topic",
    "uniq_id": "unique_id", "unit_of_meas": "unit_of_measurement", "val_tpl": "value_template",
}
DEVICE_ABBREVIATIONS = {
    "cns": "connections", "cu": "configuration_url", "hw": "hw_version", "ids": "identifiers",
    "mdl": "model", "mdl_id": "model_id", "mf": "manufacturer", "sa": "suggested_area",
    "sn": "serial_number", "sw": "sw_version",
}
ORIGIN_ABBREVIATIONS = {"sw": "sw_version", "url": "support_url"}

#: schemas.py: options of a device that its components have too, unless they say another.
SHARED = frozenset((
    "availability", "availability_mode", "availability_template", "availability_topic",
    "command_topic", "encoding", "payload_available", "payload_not_available", "qos",
    "state_topic",
))
ROOT_KEYS = SHARED | {"device", "components", "origin"}
DEVICE_KEYS = frozenset(DEVICE_ABBREVIATIONS.values()) | {"name", "via_device"}
ORIGIN_KEYS = frozenset(("name", "sw_version", "support_url"))
AVAILABILITY_KEYS = frozenset((
    "topic", "payload_available", "payload_not_available", "value_template",
))
COMMON = SHARED - {"command_topic"} | {
    "default_entity_id", "enabled_by_default", "entity_category", "entity_picture", "icon",
    "json_attributes_template", "json_attributes_topic", "name", "platform", "unique_id",
    "value_template", "device_class", "expire_after", "force_update",
}
KEYS = {
    "sensor": COMMON | {
        "last_reset_value_template", "options", "state_class", "suggested_display_precision",
        "unit_of_measurement",
    },
    "binary_sensor": COMMON | {"off_delay", "payload_off", "payload_on"},
}

#: sensor/const.py, DEVICE_CLASS_UNITS and DEVICE_CLASS_STATE_CLASSES.
ALL = {"measurement", "total", "total_increasing"}
SENSOR_CLASSES: Mapping[str | None, tuple[set[str | None], set[str]]] = {
    "timestamp": ({None}, set()), "enum": ({None}, set()),
    "signal_strength": ({"dB", "dBm"}, {"measurement"}),
    "weight": ({"kg", "g", "mg", "µg", "oz", "lb", "st"}, ALL),
    "data_size": ({"bit", "kbit", "B", "kB", "MB", "KiB", "MiB"}, ALL),
    "duration": ({"d", "h", "min", "s", "ms"}, ALL),
}
#: binary_sensor/__init__.py, BinarySensorDeviceClass.
BINARY_CLASSES = frozenset((
    "battery", "battery_charging", "carbon_monoxide", "cold", "connectivity", "door",
    "garage_door", "gas", "heat", "light", "lock", "moisture", "motion", "moving", "occupancy",
    "opening", "plug", "power", "presence", "problem", "running", "safety", "smoke", "sound",
    "tamper", "update", "vibration", "window",
))


class HomeAssistant:
    """``hear`` what a broker passes on; ``faults`` are what it would refuse or log.

    ``devices`` by object id, each entity by its unique id with what it shows now.
    """

    def __init__(self, prefix: str = "homeassistant") -> None:
        self._prefix = prefix
        self.devices: dict[str, dict[str, Any]] = {}
        self.topics: dict[str, bytes] = {}
        self.faults: list[str] = []

    def hear(self, topic: str, payload: bytes) -> None:
        """A message; empty on the topic of a device takes it away."""
        self.topics[topic] = payload
        if not payload:
            del self.topics[topic]
        below = topic.removeprefix(f"{self._prefix}/")
        if below != topic and below != "status":
            self._discover(below, payload)

    def _discover(self, topic: str, payload: bytes) -> None:
        match = TOPIC.fullmatch(topic)
        if match is None or match[1] != "device":
            self.faults.append(f"no topic of discovery: {topic}")
            return
        self.devices.pop(match[3], None)
        if payload:
            config = expanded(json.loads(payload))
            self.faults += [f"{topic}: {each}" for each in device_faults(config)]
            self.devices[match[3]] = config

    def entities(self) -> dict[str, dict[str, Any]]:
        """By unique id, with the device's shared options."""
        found = {}
        for config in self.devices.values():
            shared = {key: config[key] for key in SHARED if key in config}
            for component in config["components"].values():
                if set(component) != {"platform"}:  # that takes one away
                    found[component["unique_id"]] = {**shared, **component}
        return found

    def value(self, unique_id: str) -> Any:
        """What an entity shows: "unavailable", None for unknown, True and False, or a value."""
        entity = self.entities()[unique_id]
        for each in entity["availability"]:
            if self.topics.get(each["topic"]) != b"online":
                return "unavailable"
        state = json.loads(self.topics[entity["state_topic"]])
        key = re.fullmatch(r"\{\{ value_json\.(\w+) \}\}", entity["value_template"])
        assert key is not None, entity["value_template"]
        value = state[key[1]]
        if entity["platform"] == "binary_sensor":
            return {"ON": True, "OFF": False, None: None}[value]
        self.faults += value_faults(entity, value)
        return value

    def values(self) -> dict[str, Any]:
        """What every entity shows."""
        return {each: self.value(each) for each in self.entities()}


def expanded(config: dict[str, Any]) -> dict[str, Any]:
    """A device's config with every key written out."""
    def full(values: Mapping[str, Any], short: Mapping[str, str]) -> dict[str, Any]:
        return {short.get(key, key): value for key, value in values.items()}

    config = full(config, ABBREVIATIONS)
    config["device"] = full(config.get("device", {}), DEVICE_ABBREVIATIONS)
    config["origin"] = full(config.get("origin", {}), ORIGIN_ABBREVIATIONS)
    config["components"] = {
        key: full(each, ABBREVIATIONS) for key, each in config.get("components", {}).items()
    }
    return config


def device_faults(config: dict[str, Any]) -> Iterator[str]:
    """What of a device's config would not be taken."""
    yield from _unknown("device config", config, ROOT_KEYS)
    yield from _unknown("device", config["device"], DEVICE_KEYS)
    yield from _unknown("origin", config["origin"], ORIGIN_KEYS)
    if not config["device"].get("identifiers") and not config["device"].get("connections"):
        yield "a device without identifier"
    if not config["origin"].get("name"):
        yield "an origin without name"
    if not re.match(r"https?://[^/]", config["device"].get("configuration_url", "http://x")):
        yield "configuration_url is no address"
    ids = [each.get("unique_id") for each in config["components"].values() if len(each) > 1]
    if None in ids or len(set(ids)) != len(ids):
        yield f"entities without an id of their own: {ids}"
    for key, component in config["components"].items():
        shared = {each: config[each] for each in SHARED if each in config}
        for fault in component_faults(component, {**shared, **component}):
            yield f"{key}: {fault}"


def component_faults(own: Mapping[str, Any], entity: Mapping[str, Any]) -> Iterator[str]:
    """What of an entity's config would not be taken; ``entity`` has the shared options too."""
    platform = own.get("platform")
    if platform not in KEYS:
        yield f"no platform: {platform}"
        return
    yield from _unknown(str(platform), own, KEYS[platform])
    if set(own) == {"platform"}:
        return
    if not entity.get("state_topic"):
        yield "no state topic"
    if "availability" in entity and "availability_topic" in entity:
        yield "availability twice"
    for each in entity.get("availability", ()):
        yield from _unknown("availability", each, AVAILABILITY_KEYS)
        if "topic" not in each:
            yield "availability without topic"
    if entity.get("availability_mode", "latest") not in ("all", "any", "latest"):
        yield "no mode of availability"
    if entity.get("entity_category") not in (None, "diagnostic"):
        yield "sensors can't be set"
    yield from _class_faults(str(platform), entity)


def _class_faults(platform: str, entity: Mapping[str, Any]) -> Iterator[str]:
    kind, unit = entity.get("device_class"), entity.get("unit_of_measurement")
    if platform == "binary_sensor":
        if kind is not None and kind not in BINARY_CLASSES:
            yield f"no class of binary sensors: {kind}"
        return
    state_class = entity.get("state_class")
    if kind is not None and kind not in SENSOR_CLASSES:
        yield f"no class of sensors: {kind}"
        return
    units, state_classes = SENSOR_CLASSES.get(kind, ({unit}, ALL))
    if unit not in units:
        yield f"{kind} is not measured in {unit}"
    if state_class is not None and state_class not in state_classes:
        yield f"{kind} has no state class {state_class}"
    if (kind == "enum") != bool(entity.get("options")):
        yield "options are for enum, and enum needs them"


def value_faults(entity: Mapping[str, Any], value: Any) -> Iterator[str]:
    """Why a sensor would not show a value."""
    kind = entity.get("device_class")
    if value is None:
        return
    if kind == "timestamp" and datetime.fromisoformat(value).tzinfo is None:
        yield f"{value} has no time zone"
    if kind == "enum" and value not in entity["options"]:
        yield f"{value} is none of {entity['options']}"
    numeric = bool(entity.get("state_class") or entity.get("unit_of_measurement"))
    if numeric and not isinstance(value, (int, float)):
        yield f"{value!r} of {entity['unique_id']} is no number"
    if isinstance(value, str) and len(value) > 255:
        yield "a state of more than 255 characters"


def _unknown(what: str, found: Mapping[str, Any], known: AbstractSet[str]) -> Iterator[str]:
    for key in found:
        if key not in known:
            yield f"{what} has no {key}"
