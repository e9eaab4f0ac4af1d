"""Topics and payloads of Home Assistant's MQTT discovery, one message for a whole device.

    <prefix>/device/<object id>/config    what it is and has; empty: it is gone
    iotd/ha/<object id>/state             its values, as JSON
    iotd/ha/<object id>/availability      online or offline
    iotd/ha/status                        online, or the daemon's last will

Keys are written out; what they mean: https://www.home-assistant.io/integrations/mqtt/
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from iotd import __version__
from iotd.mqtt.discovery_things import KINDS, Entity, Facts, entities, values

ROOT = "iotd/ha/"
STATUS = ROOT + "status"
ONLINE, OFFLINE = b"online", b"offline"

#: Component keys of a device and their platforms.
Components = Mapping[str, str]


@dataclass(frozen=True)
class Thing:
    """What is published of one thing; ``components`` are those it has now."""

    object_id: str
    name: str
    model: str
    area: str | None
    found: Sequence[Entity]
    state: bytes
    online: bool

    @property
    def components(self) -> dict[str, str]:
        """Its entities' keys and platforms."""
        return {each.key: each.platform for each in self.found}


def thing_of(object_id: str, facts: Facts) -> Thing:
    """A device, or the campus, as it is now."""
    device = facts.get("device")
    state = json.dumps(values(facts), ensure_ascii=False, separators=(",", ":")).encode()
    found = entities(facts)
    if device is None:
        return Thing(object_id, str(facts["campus"]["name"]), "Campus", None, found, state, True)
    place = device.get("place") or facts.get("board", {}).get("place") or None
    return Thing(
        object_id, device["name"], KINDS[device["kind"]], place, found, state,
        device["state"] == "online",
    )


def config_topic(prefix: str, object_id: str) -> str:
    """Where Home Assistant looks for a device."""
    return f"{prefix}/device/{object_id}/config"


def birth_topic(prefix: str) -> str:
    """Where Home Assistant says that it is there."""
    return f"{prefix}/status"


def state_topic(object_id: str) -> str:
    """Where a thing's values are."""
    return f"{ROOT}{object_id}/state"


def availability_topic(object_id: str) -> str:
    """Where it says whether it is there."""
    return f"{ROOT}{object_id}/availability"


def config_of(thing: Thing, before: Components, page: str) -> bytes:
    """A device's config. Components of ``before`` that it has no more are named by their
    platform alone, which removes them. ``page``: where people look after it, or ""."""
    gone = {key: {"platform": platform} for key, platform in before.items()
            if key not in thing.components}
    return json.dumps({
        "device": _device(thing, page),
        "origin": {"name": "iotd", "sw_version": __version__},
        "state_topic": state_topic(thing.object_id),
        "availability": [{"topic": STATUS}, {"topic": availability_topic(thing.object_id)}],
        "availability_mode": "all",
        "components": {**{each.key: _component(thing, each) for each in thing.found}, **gone},
    }, ensure_ascii=False, separators=(",", ":")).encode()


def _device(thing: Thing, page: str) -> dict[str, Any]:
    told = {
        "identifiers": [thing.object_id], "name": thing.name, "manufacturer": "iotd",
        "model": thing.model, "suggested_area": thing.area, "configuration_url": page,
    }
    return {key: value for key, value in told.items() if value}


def _component(thing: Thing, entity: Entity) -> dict[str, Any]:
    told: dict[str, Any] = {
        "platform": entity.platform, "unique_id": f"{thing.object_id}_{entity.key}",
        "name": entity.name, "value_template": "{{ value_json.%s }}" % entity.key,
        "device_class": entity.device_class, "unit_of_measurement": entity.unit,
        "state_class": entity.state_class, "entity_category": entity.category,
        "options": list(entity.options) or None,
        "enabled_by_default": None if entity.enabled else False,
        "availability": [{"topic": STATUS}] if entity.always else None,
    }
    return {key: value for key, value in told.items() if value is not None}
