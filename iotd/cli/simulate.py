"""``iotd simulate``: virtual devices for a try, a demonstration or a test."""

from __future__ import annotations

import re
import secrets
import time
from datetime import datetime, timezone
from typing import Any, TextIO

import click
from twisted.internet.defer import Deferred

from iotd.cli.place import Place, placed
from iotd.cli.simulate_campus import broker_port, write_register
from iotd.cli.telling import tell_json
from iotd.config import Config
from iotd.config_checks import port_of
from iotd.simulate.campus_fleet import CampusFleet
from iotd.simulate.device import Habits
from iotd.simulate.fleet import Fleet
from iotd.simulate.plans import (
    Plan, parse_key, parse_keys, plan_cameras, plan_devices, plan_gates,
)

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
    """``[KIND:]ID=HEX`` as a keyed device."""

    name = "ID=HEX"

    def convert(self, value: Any, param: Any, ctx: Any) -> Plan:
        """The plan of it."""
        if isinstance(value, Plan):
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
@click.option(
    "--watches", type=click.IntRange(0, 10000), default=0, metavar="N", help="Field watches."
)
@click.option(
    "--cabinets", type=click.IntRange(0, 1000), default=0, metavar="N",
    help="Field cabinets, each with a camera that sees what is in it.",
)
@click.option(
    "--gates", type=click.IntRange(0, 1000), default=0, metavar="N",
    help="Gates over MQTT: an entry, an exit, an entry, and so on.",
)
@click.option(
    "--students", type=click.IntRange(0, 100000), default=200, show_default=True, metavar="N",
    help="Students who pass the gates on a campus day.",
)
@click.option(
    "--register", type=click.Path(dir_okay=False, writable=True), metavar="FILE",
    help="Write these students as CSV for iotd students import.",
)
@click.option(
    "--field-gates", is_flag=True,
    help="An entry and an exit more that speak the text of gates in the field.",
)
@click.option(
    "--day-seconds", type=click.FloatRange(60, 86400), default=86400.0, show_default=True,
    help="That a campus day takes; a shorter one begins at its liveliest hour. Under 7200 most"
    " stays are too short to count.",
)
@click.option(
    "--mqtt-port", type=click.IntRange(1, 65535), metavar="P",
    help="The broker's port [default: the one of mqtt.listen or mqtt.broker].",
)
@click.option(
    "--key", "keys", type=Key(), multiple=True, metavar="[KIND:]ID=HEX",
    help="A keyed device more, a camera unless KIND is watch, cabinet, cabinet_camera or gate;"
    " repeatable.",
)
@click.option(
    "--keys", "keys_file", type=click.File("r"), metavar="FILE",
    help="Keyed devices, one [KIND:]ID=HEX a line; - is standard input. Other than --key,"
    " it keeps the keys out of the list of processes.",
)
@click.option(
    "--visit-seconds", type=click.FloatRange(2, 86400), default=60.0, show_default=True,
    help="Between two openings of a cabinet.",
)
@click.option(
    "--measure-seconds", type=click.FloatRange(0.01, 60), default=15.0, show_default=True,
    help="That a watch takes to measure.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where the daemon is.")
@click.option(
    "--port", type=click.IntRange(1, 65535), metavar="P",
    help="Its camera port [default: the one of cameras.listen].",
)
@click.option(
    "--device-port", type=click.IntRange(1, 65535), metavar="P",
    help="Its port for watches and cabinets [default: the one of devices.listen].",
)
@click.option("--fps", type=click.FloatRange(0.1, 60), default=5.0, show_default=True)
@click.option("--size", type=Size(), default="320x240", show_default=True)
@placed
def simulate(
    place: Place, cameras: int | None, watches: int, cabinets: int, gates: int, students: int,
    register: str | None, field_gates: bool, day_seconds: float, mqtt_port: int | None,
    keys: tuple[Plan, ...], keys_file: TextIO | None, visit_seconds: float,
    measure_seconds: float, host: str, port: int | None, device_port: int | None, fps: float,
    size: tuple[int, int],
) -> None:
    """Run virtual devices against any iotd until interrupted.

    They speak the field wires, or with a key the keyed ones. Cameras show a
    clock and a moving ball, watches are worn by believable people, cabinets
    are opened now and then, students pass the gates. Unlike field firmware
    they connect again when the daemon was away.

    \b
    Example:
      iotd simulate --cameras 4 --watches 2 --cabinets 1
      iotd simulate --key hall-camera=$(iotd device key hall-camera --kind camera)
      iotd simulate --gates 4 --students 400 --register students.csv
    """
    known = {plan.name: plan for plan in (*keys, *_read_keys(keys_file))}
    keyed_gates = [plan for plan in known.values() if plan.kind == "gate"]
    others = [plan for plan in known.values() if plan.kind != "gate"]
    campus = plan_gates(gates, keyed_gates, host, field_gates)
    alone = not (known or watches or cabinets or campus or register)
    count = cameras if cameras is not None else int(alone)
    plans = plan_cameras(count, others, host) + plan_devices(watches, cabinets, host)
    if register:
        write_register(register, students)
    elif not plans and not campus:
        raise click.UsageError("nothing to simulate: --cameras is 0 and there is no key")
    makers: list[Any] = []
    if plans:
        ports = _ports(place, plans, port, device_port)
        makers.append(lambda reactor, report: Fleet(
            reactor, plans, host, ports, report, now=time.time, fps=fps, size=size,
            habits=Habits(visit_seconds, measure_seconds)))
    if campus:
        config = place.config()
        broker = mqtt_port or broker_port(config)
        makers.append(lambda reactor, report: CampusFleet(
            reactor, campus, host, broker, report, students=students, now=time.time,
            boot=secrets.token_hex(4), day_seconds=day_seconds, timezone=config.site.timezone,
            field_topic=config.mqtt.legacy_topic))
    if makers:
        _run(place, makers)


def _run(place: Place, makers: list[Any]) -> None:
    def work(reactor: Any) -> Deferred[None]:
        def report(name: str, state: str, detail: str) -> None:
            try:
                _tell(place.json, name, state, detail)
            except BrokenPipeError:
                reactor.stop()

        fleets = [make(reactor, report) for make in makers]
        for fleet in fleets:
            fleet.startService()
        reactor.addSystemEventTrigger(
            "before", "shutdown", lambda: Deferred.fromCoroutine(_stop(fleets))
        )
        return Deferred()  # until a signal ends the reactor

    place.surroundings.react(work)


async def _stop(fleets: list[Any]) -> None:
    for fleet in fleets:
        await fleet.stop()


def _tell(as_json: bool, name: str, state: str, detail: str) -> None:
    now = datetime.now(timezone.utc)
    if as_json:
        at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        tell_json({"at": at, "device": name, "state": state, "detail": detail})
    else:
        clock = now.astimezone().strftime("%H:%M:%S")
        click.echo(f"{clock} {name} {state}" + (f": {detail}" if detail else ""))


def _read_keys(file: TextIO | None) -> list[Plan]:
    try:
        return parse_keys(file) if file is not None else []
    except (ValueError, OSError) as problem:
        raise click.BadParameter(str(problem), param_hint="'--keys'") from None


def _ports(
    place: Place, plans: list[Plan], camera: int | None, device: int | None
) -> dict[str, int]:
    """The ports of the wires that are needed, by wire."""
    ports = {}
    for wire, given in (("camera", camera), ("device", device)):
        if any((plan.kind == "camera") == (wire == "camera") for plan in plans):
            ports[wire] = given or _configured(place.config(), wire)
    return ports


def _configured(config: Config, wire: str) -> int:
    section, option = ("cameras", "--port") if wire == "camera" else ("devices", "--device-port")
    for listener in getattr(config, section).listen:
        port = port_of(listener)
        if port:
            return port
    raise click.UsageError(f"{section}.listen names no TCP port: give one with {option}")
