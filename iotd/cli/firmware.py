"""``iotd firmware``: releases for boards, and bringing them there over the air."""

from __future__ import annotations

from typing import Any

import click

from iotd.cli.asking import ask
from iotd.cli.place import Place, placed
from iotd.cli.telling import tell_json, tell_table

RELEASES = ("build", "version", "made_at", "kinds", "fault")
BOARDS = ("device", "wave", "state", "loaded", "text", "changed_at")

number = click.argument("id", type=click.IntRange(1, 2**31 - 1))


def _each_is_one(context: Any, option: Any, ids: tuple[str, ...]) -> tuple[str, ...]:
    # a script's empty variable is not to update all boards
    if any(len(id.split()) != 1 for id in ids):
        raise click.BadParameter("give the id of one board.")
    return ids


@click.group()
def firmware() -> None:
    """Firmware of boards: releases and roll-outs over the air."""


@firmware.command("list")
@placed
def show(place: Place) -> None:
    """Show all releases, the newest first; one that was altered says so.

    \b
    Example:
      iotd firmware list
    """
    items = ask(place, "firmware list")
    if place.json:
        tell_json({"items": items})
    else:
        tell_table(RELEASES, [{**each, "kinds": len(each["kinds"])} for each in items])


@firmware.command("release")
@placed
def release(place: Place) -> None:
    """Make a signed release of the firmware that this iotd came with.

    \b
    Example:
      iotd firmware release
    """
    made = ask(place, "firmware release")
    if place.json:
        tell_json(made)
    else:
        click.echo(f"released build {made['build']}, version {made['version']}")


@firmware.command("rollout")
@click.option("--build", type=click.IntRange(1, 2**31 - 1), metavar="N",
              help="Of which release; else of the newest.")
@click.option("--device", "devices", multiple=True, metavar="ID",
              callback=_each_is_one, help="Only to this board; may be given again.")
@click.option("--older", is_flag=True, help="Boards may go back to it from a newer build.")
@placed
def rollout(place: Place, build: int | None, devices: tuple[str, ...], older: bool) -> None:
    """Bring a release to boards over the air: to one, then a tenth, then all others.

    It stops by itself when a board does not come back with it.

    \b
    Example:
      iotd firmware rollout
      iotd firmware rollout --build 7 --device cam-door --older
    """
    given = {"build": None if build is None else str(build), "older": "yes" if older else None,
             "devices": " ".join(devices) or None}
    begun = ask(place, "firmware rollout", **given)
    if place.json:
        tell_json(begun)
    else:
        click.echo(f"roll-out {begun['id']} of build {begun['build']} to"
                   f" {begun['boards_total']} boards: iotd firmware status {begun['id']}")


@firmware.command("status")
@click.argument("id", required=False, type=click.IntRange(1, 2**31 - 1))
@placed
def status(place: Place, id: int | None) -> None:
    """Show a roll-out board by board; without an ID the newest.

    \b
    Example:
      iotd firmware status
    """
    _tell(place, ask(place, "firmware status", id=None if id is None else str(id)))


@firmware.command("cancel")
@number
@placed
def cancel(place: Place, id: int) -> None:
    """End a roll-out: no further board begins.

    \b
    Example:
      iotd firmware cancel 3
    """
    _tell(place, ask(place, "firmware cancel", id=str(id)))


@firmware.command("resume")
@number
@placed
def resume(place: Place, id: int) -> None:
    """Go on with a roll-out that stopped; boards that failed try again.

    \b
    Example:
      iotd firmware resume 3
    """
    _tell(place, ask(place, "firmware resume", id=str(id)))


def _tell(place: Place, rollout: dict[str, Any] | None) -> None:
    if place.json:
        tell_json(rollout)
    elif rollout is None:
        click.echo("there was no roll-out yet")
    else:
        click.echo(f"roll-out {rollout['id']} of build {rollout['build']} ({rollout['version']}):"
                   f" {rollout['state']}, wave {rollout['wave']} of {rollout['waves']}")
        if rollout["reason"]:
            click.echo(f"it stopped: {rollout['reason']}")
        tell_table(BOARDS, [{**board, "loaded": _loaded(board)} for board in rollout["boards"]])


def _loaded(board: dict[str, Any]) -> str | None:
    total = board["total_bytes"]
    return f"{100 * board['done_bytes'] // total} %" if total else None
