"""``iotd device``: enrolment without a browser."""

from __future__ import annotations

from typing import Any

import click

from iotd.cli.asking import ask
from iotd.cli.place import Place, placed
from iotd.cli.telling import tell_json, tell_table
from iotd.devices.model import KINDS

COLUMNS = ("id", "kind", "state", "address", "keyed", "firmware", "last_seen", "rssi")

kind = click.option("--kind", type=click.Choice(KINDS), help="What it is.")


@click.group()
def device() -> None:
    """Boards: who is let in."""


@device.command("list")
@placed
def show(place: Place) -> None:
    """Show all devices.

    \b
    Example:
      iotd device list
    """
    items = ask(place, "device list")
    if place.json:
        tell_json({"items": items})
    else:
        tell_table(COLUMNS, items)


@device.command("approve")
@click.argument("id")
@kind
@click.option("--same-as", metavar="ID", help="It is this known device at a new address.")
@placed
def approve(place: Place, id: str, kind: str | None, same_as: str | None) -> None:
    """Let a pending device in.

    \b
    Example:
      iotd device approve cam-192-168-1-20 --kind camera
      iotd device approve cab-2 --same-as cab
    """
    _tell(place, ask(place, "device approve", id=id, kind=kind, same_as=same_as), "approved")


@device.command("revoke")
@click.argument("id")
@placed
def revoke(place: Place, id: str) -> None:
    """Shut a device out.

    \b
    Example:
      iotd device revoke cab-2
    """
    _tell(place, ask(place, "device revoke", id=id), "revoked")


@device.command("key")
@click.argument("id")
@kind
@placed
def key(place: Place, id: str, kind: str | None) -> None:
    """Make a device's key, printed alone, once: 64 hex digits.

    An id that is not known yet is made and approved; a key that it had ends.

    \b
    Example:
      iotd device key hall-camera --kind camera
    """
    made = ask(place, "device key", id=id, kind=kind)
    if place.json:
        tell_json({"id": id, "key": made})
    else:
        click.echo(made)


def _tell(place: Place, device: dict[str, Any], done: str) -> None:
    if place.json:
        tell_json(device)
    else:
        click.echo(f"{done} {device['id']}")
