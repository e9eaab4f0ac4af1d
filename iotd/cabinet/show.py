"""Cabinets in JSON, and in sentences for people."""

from __future__ import annotations

import json
from typing import Any, Sequence

from iotd.cabinet.known import Known
from iotd.cabinet.model import PICTURE_SECONDS, Phase
from iotd.cabinet.stock import Item, counts_state, is_seen, item_state
from iotd.devices.model import Device
from iotd.times import rfc3339

_MESSAGES = {
    Phase.OPEN: "The door is open.",
    Phase.WAITING: f"The door was closed; waiting up to {PICTURE_SECONDS:.0f} s for a picture.",
    Phase.COUNTING: "The door was closed; the picture is being counted.",
    Phase.CHECKING: "The door was closed; a second picture is being taken to be sure.",
}


def cabinet(
    device: Device, known: Known, *, linked: bool, camera: str | None, camera_there: bool,
    cameras: Sequence[Device], why_no_counts: str, detects: Sequence[str], now: float,
) -> dict[str, Any]:
    """A cabinet as the API shows it."""
    state, picture = known.state, known.picture
    lights = "unknown" if state.lights == "on" and not linked else state.lights
    return {
        "id": device.id, "name": device.name,
        "items": {item.name: item.shown for item in known.items},
        "door": state.door, "weight_g": state.weight_g, "lights": lights,
        "last_picture_at": rfc3339(picture.at) if picture else None,
        "connected": linked, "camera": camera,
        "camera_state": camera_state(device, camera, camera_there, cameras),
        "patient": device.patient, "phase": state.phase.value,
        "message": message(device, known, linked, camera, cameras, why_no_counts),
        "counts_state": counts_state(
            known.items, detects, known.closed_at, picture.at if picture else None,
            camera_there, now,
        ),
    }


def camera_state(
    device: Device, camera: str | None, there: bool, cameras: Sequence[Device]
) -> str:
    """online, offline, none, or several: then one must be assigned."""
    if camera is not None:
        return "online" if there else "offline"
    return "several" if len(cameras) > 1 and device.camera is None else "none"


def no_camera(device: Device, cameras: Sequence[Device]) -> str:
    """Why a cabinet has no camera, and what to do."""
    if device.camera is not None:
        return f"Its camera {device.camera} is not an approved cabinet camera: see Devices."
    if cameras:
        names = ", ".join(camera.id for camera in cameras[:4])
        return f"No camera is assigned to this cabinet: choose one ({names}) under Devices."
    return "There is no approved cabinet camera: approve one under Devices."


def message(
    device: Device, known: Known, linked: bool, camera: str | None,
    cameras: Sequence[Device], why_no_counts: str,
) -> str:
    """What goes on, in words; empty when nothing needs telling."""
    state, said = known.state, []
    if state.phase in _MESSAGES:
        said.append(_MESSAGES[state.phase])
    elif state.owes:
        said.append("The lights are being switched off." if linked else
                    "The lights are switched off when the cabinet connects again.")
    if not linked:
        said.append("The cabinet is not connected.")
    if camera is None:
        said.append(no_camera(device, cameras))
    if known.picture is not None and known.picture.note:
        said.append(known.picture.note)
    if why_no_counts and any(item.photos for item in known.items):
        said.append(why_no_counts)
    return " ".join(said)


def low_stock(name: str, item: Item) -> str:
    """One sentence for an alert."""
    left = "none is left" if not item.count else f"{item.count} left"
    return f"{item.name} in {name} runs low: {left}."


def item(
    cabinet_id: str, item: Item, closed_at: float | None, detects: Sequence[str] = ()
) -> dict[str, Any]:
    """An item as the API shows it."""
    path = f"/api/v1/cabinets/{cabinet_id}/items/{item.id}/photos"
    return {
        "id": item.id, "name": item.name, "count": item.count, "shown": item.shown,
        "provisional": item.provisional,
        "state": item_state(item, closed_at, is_seen(item, detects)),
        "count_from": item.count_from, "count_at": rfc3339(item.count_at),
        "checked_at": rfc3339(item.checked_at), "low_at": item.low_at, "low": item.is_low,
        "barcode": item.barcode,
        "photos": [
            {"id": photo.id, "width": photo.width, "height": photo.height,
             "weak": photo.weak, "url": f"{path}/{photo.id}"}
            for photo in item.photos
        ],
    }


def visit(cabinet_id: str, row: dict[str, Any]) -> dict[str, Any]:
    """One visit of the history."""
    picture = row["picture_id"] if row["picture_at"] is not None else None
    return {
        "id": row["id"], "opened_at": rfc3339(row["opened_at"]), "before_g": row["before_g"],
        "closed_at": rfc3339(row["closed_at"]), "after_g": row["after_g"],
        "taken_g": row["taken_g"], "picture_id": picture,
        "picture": picture_url(cabinet_id, picture),
        "changes": json.loads(row["changes"] or "{}"),
        "lights_off_at": rfc3339(row["lights_off_at"]), "outcome": row["outcome"],
    }


def picture_url(cabinet_id: str, picture: int | None) -> str | None:
    """Where a picture's bytes are."""
    if picture is None:
        return None
    return f"/api/v1/cabinets/{cabinet_id}/picture.jpg?id={picture}"


def boxes(cabinet_id: str, known: Known) -> dict[str, Any]:
    """What was found on the newest picture, for a page to draw."""
    picture = known.picture
    if picture is None:
        return {"picture": None, "url": None, "taken_at": None, "width": None, "height": None,
                "state": "none", "note": "", "seconds": None, "boxes": []}
    return {
        "picture": picture.id, "url": picture_url(cabinet_id, picture.id),
        "taken_at": rfc3339(picture.at), "width": picture.width, "height": picture.height,
        "state": picture.counted or "not counted", "note": picture.note,
        "seconds": picture.seconds, "boxes": json.loads(picture.boxes or "[]"),
    }


def change(row: dict[str, Any]) -> dict[str, Any]:
    """One line of the journal."""
    return {
        "id": row["id"], "item_id": row["item_id"], "item": row["item"],
        "at": rfc3339(row["at"]), "cause": row["cause"], "who": row["who"],
        "before": row["before"], "after": row["after"], "picture_id": row["picture_id"],
        "undoes": row["undoes"],
    }
