"""``iotd simulate``: virtual devices for a try, a demonstration or a test."""

from __future__ import annotations

import re
import time
from datetime import datetime, timezone
from typing import Any, TextIO

import click
from twisted.internet.defer import Deferred

from iotd.cli.place import Place, placed
from iotd.cli.telling import tell_json
from iotd.config import Config
from iotd.config_checks import port_of
from iotd.simulate.fleet import Fleet, Plan, parse_key, parse_keys, plan_cameras

PIXELS = (16, 4096)


class Size(click.ParamType):
    """``320x240`` as two numbers."""

    name = "WxH"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int]:
        """Width and height in pixels."""
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"(\d{1,4})x(\d{1,4})", value)
        if not match or not all(PIXELS[0] <= int(each) <= PIXELS[1] for each in match.groups()):
            self.fail(f"{value!r} is no size such as 320x240, from 16x16 to 4096x4096", param, ctx)
        return int(match[1]), int(match[2])


class Key(click.ParamType):
    """``ID=HEX`` as an id and 32 bytes."""

    name = "ID=HEX"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, bytes]:
        """The id and the key."""
        if isinstance(value, tuple):
            return value
        try:
            return parse_key(value)
        except ValueError as problem:
            self.fail(str(problem), param, ctx)


@click.command()
@click.option(
    "--cameras", type=click.IntRange(0, 10000), metavar="N",
    help="Field cameras, each from a loopback address of its own [default: 1, or 0 with keys].",
)
@click.option("--key", "keys", type=Key(), multiple=True, help="A keyed camera more; repeatable.")
@click.option(
    "--keys", "keys_file", type=click.File("r"), metavar="FILE",
    help="Keyed cameras, one ID=HEX a line; - is standard input. Other than --key,"
    " it keeps the keys out of the list of processes.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where the daemon is.")
@click.option(
    "--port", type=click.IntRange(1, 65535), metavar="P",
    help="Its camera port [default: the one of cameras.listen].",
)
@click.option("--fps", type=click.FloatRange(0.1, 60), default=5.0, show_default=True)
@click.option("--size", type=Size(), default="320x240", show_default=True)
@placed
def simulate(
    place: Place, cameras: int | None, keys: tuple[tuple[str, bytes], ...],
    keys_file: TextIO | None, host: str, port: int | None, fps: float, size: tuple[int, int],
) -> None:
    """Run virtual cameras against any iotd until interrupted.

    They speak the field wire, or with a key the keyed one, and show a clock
    and a moving ball. Unlike field firmware they connect again when the
    daemon was away.

    \b
    Example:
      iotd simulate --cameras 4
      iotd simulate --key hall-camera=$(iotd device key hall-camera --kind camera)
    """
    known = {**dict(keys), **_read_keys(keys_file)}
    count = cameras if cameras is not None else int(not known)
    plans = plan_cameras(count, known, host)
    if not plans:
        raise click.UsageError("no camera to simulate: --cameras is 0 and there is no key")
    where = (host, port or _port(place.config()))
    _run(place, plans, where, fps, size)


def _run(
    place: Place, plans: list[Plan], where: tuple[str, int], fps: float, size: tuple[int, int]
) -> None:
    def work(reactor: Any) -> Deferred[None]:
        def report(name: str, state: str, detail: str) -> None:
            try:
                _tell(place.json, name, state, detail)
            except BrokenPipeError:
                reactor.stop()

        fleet = Fleet(reactor, plans, *where, report, now=time.time, fps=fps, size=size)
        fleet.startService()
        reactor.addSystemEventTrigger(
            "before", "shutdown", lambda: Deferred.fromCoroutine(fleet.stop())
        )
        return Deferred()  # until a signal ends the reactor

    place.surroundings.react(work)


def _tell(as_json: bool, name: str, state: str, detail: str) -> None:
    now = datetime.now(timezone.utc)
    if as_json:
        at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        tell_json({"at": at, "camera": name, "state": state, "detail": detail})
    else:
        clock = now.astimezone().strftime("%H:%M:%S")
        click.echo(f"{clock} {name} {state}" + (f": {detail}" if detail else ""))


def _read_keys(file: TextIO | None) -> dict[str, bytes]:
    try:
        return parse_keys(file) if file is not None else {}
    except (ValueError, OSError) as problem:
        raise click.BadParameter(str(problem), param_hint="'--keys'") from None


def _port(config: Config) -> int:
    for listener in config.cameras.listen:
        port = port_of(listener)
        if port:
            return port
    raise click.UsageError("cameras.listen names no TCP port: give one with --port")
