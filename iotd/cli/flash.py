"""``iotd flash``: a board out of the box onto the page."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Mapping

import click

from iotd.cli.flash_daemon import Elsewhere, Here
from iotd.cli.flash_people import Terminal
from iotd.cli.place import Place, placed
from iotd.cli.telling import tell_json, tell_warning
from iotd.errors import Invalid
from iotd.flashing import images
from iotd.flashing.presets import KINDS
from iotd.flashing.service import Surroundings, flash as flash_board
from iotd.flashing.wishes import Wishes
from iotd.updates.releases import Releases

MOST_BYTES = 64 * 1024  # of a file with settings, or with a Wi-Fi
TOKEN_BYTES = 4096


@click.command()
@click.option("--port", default="auto", metavar="P|auto", show_default=True,
              help="Serial port of the board, such as /dev/ttyUSB0.")
@click.option("--kind", type=click.Choice([kind.name for kind in KINDS]),
              help="What the board is to be.")
@click.option("--id", metavar="ID", help="Its id [default: the one it has, else of its chip].")
@click.option("--preset", metavar="NAME", help="Pins and parts of a known board.")
@click.option("--settings", "settings_file", type=click.Path(path_type=Path), metavar="FILE",
              help="Settings over the preset's, JSON as in firmware/README.md.")
@click.option("--image", default="auto", metavar="FILE|none|auto", show_default=True,
              help="MicroPython for a board on which none answers; none: leave such a board.")
@click.option("--anew", is_flag=True,
              help="Write MicroPython though it answers; every file on the board is lost.")
@click.option("--server", metavar="HOST",
              help="Where the board finds the daemon [default: this machine's address].")
@click.option("--wifi", metavar="FILE|ask|keep",
              help="FILE holds name and password, a line each, or as JSON [default: the board's"
              " own, else ask].")
@click.option("--daemon", metavar="URL", help="A daemon on another machine, https://…")
@click.option("--token-stdin", is_flag=True,
              help="Read an operator's token for --daemon from standard input.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--yes", is_flag=True, help="Take what would be asked for as agreed.")
@placed
def flash(
    place: Place, port: str, kind: str | None, id: str | None, preset: str | None,
    settings_file: Path | None, image: str, anew: bool, server: str | None, wifi: str | None,
    daemon: str | None, token_stdin: bool, dry_run: bool, yes: bool,
) -> None:
    """Put MicroPython, firmware, settings and a key onto a board, and see it online.

    What is not said is asked on a terminal. Only files that differ are
    written, each is read back; the board boots whenever the cable is pulled.

    Exit codes: 0 online, or nothing to do; 1 the board or the daemon refuses,
    or flash is full or broken; 2 bad use or settings; 75 try again: no board,
    the cable was pulled, no contact yet; 130 interrupted.

    \b
    Example:
      iotd flash
      iotd flash --port /dev/ttyUSB0 --kind camera --id cam-door --wifi wifi.txt
      iotd flash --dry-run --json
    """
    wishes = Wishes(
        port, kind, id, preset, _settings(settings_file),
        None if image in ("auto", "none") else Path(image), image == "none", anew, server,
        _wifi(wifi), dry_run,
    )
    done = flash_board(wishes, _around(place, daemon, token_stdin, dry_run, yes))
    if place.json:
        tell_json(asdict(done))
        return
    for each in done.warnings:
        tell_warning(each)
    click.echo(done.message)


def _around(
    place: Place, daemon: str | None, token_stdin: bool, dry_run: bool, yes: bool
) -> Surroundings:
    config = place.config()
    if (daemon is not None) != token_stdin:
        raise click.UsageError("--daemon and --token-stdin go together")
    people, folder = Terminal(place.json, yes), images.folder_of(config.data_dir)
    if daemon is not None:
        elsewhere = Elsewhere(daemon, sys.stdin.read(TOKEN_BYTES).strip())
        return Surroundings(people, elsewhere, folder, firmware=elsewhere.firmware)
    return Surroundings(
        people, Here(place), folder, Releases(config.data_dir / "firmware"),
        make_release=config.data_dir.is_dir() and not dry_run,
    )


def _settings(path: Path | None) -> Mapping[str, Any]:
    if path is None:
        return {}
    try:
        given = json.loads(_text(path, "settings"))
    except ValueError:
        raise click.UsageError(
            f"{path} is not JSON: look for a missing comma or quote"
        ) from None
    if not isinstance(given, dict):
        raise click.UsageError(f"{path} must hold one JSON object")
    return given


def _wifi(text: str | None) -> str | Mapping[str, str] | None:
    """Name and password, or the word; the file's contents are in no message."""
    if text in (None, "ask", "keep"):
        return text
    content = _text(Path(str(text)), "wifi")
    try:
        given = json.loads(content)
    except ValueError:
        given = None
    if isinstance(given, dict):
        found = {name: given.get(name, "") for name in ("ssid", "password")}
    else:
        lines = [*content.splitlines(), "", ""]
        found = {"ssid": lines[0], "password": lines[1]}
    if not all(isinstance(each, str) for each in found.values()) or not found["ssid"]:
        raise click.UsageError(
            f"{text} holds no Wi-Fi: its name on the first line, its password on the second"
        )
    return found


def _text(path: Path, field: str) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(MOST_BYTES)
    except (OSError, UnicodeDecodeError) as problem:
        why = getattr(problem, "strerror", None) or "it is no text"
        raise Invalid(f"{path} can't be read: {why}.", field) from None
