"""``iotd demo``: a past for a demonstration, before the daemon starts."""

from __future__ import annotations

import time
from typing import Any

import click

from iotd.cli.place import Place, placed
from iotd.cli.telling import tell_json
from iotd.data_dir import DataLock
from iotd.errors import Conflict, IotdError


@click.command()
@click.option(
    "--days", type=click.IntRange(1, 365), default=90, show_default=True,
    help="How long ago it began.",
)
@placed
def demo(place: Place, days: int) -> None:
    """Fill an empty installation with two people and what their watches said.

    And with a campus: 400 students, and when they passed its four gates in the last
    60 days. Run it before the daemon; `iotd simulate --watches 2 --cabinets 1 --keys
    DIR/gates.keys --students 400` then brings the same watches, a cabinet and the gates
    to life. An installation in which there is somebody already is left as it is.

    \b
    Example:
      iotd demo --data var/demo
    """
    config = place.config()
    lock = DataLock(config.data_dir)
    lock.acquire()
    try:
        made = _in_reactor(place, config, days)
    finally:
        lock.release()
    if place.json:
        tell_json(made)
    else:
        click.echo(f"{len(made['patients'])} people with {made['readings']:,} readings,"
                   f" {made['students']} students who passed gates {made['passages']:,} times")


def _in_reactor(place: Place, config: Any, days: int) -> dict[str, Any]:
    outcome: list[Any] = []

    async def work(reactor: Any) -> None:
        parts = place.surroundings.open_parts(config, reactor)
        try:
            outcome.append(
                await parts.store.run(_fill, time.time(), days, config, parts.sealer))
        except IotdError as problem:
            outcome.append(problem)
        finally:
            await parts.close()

    try:
        place.surroundings.react(work)
    except SystemExit:
        if not outcome:
            raise
    if isinstance(outcome[0], IotdError):
        raise outcome[0]
    made: dict[str, Any] = outcome[0]
    return made


def _fill(
    connection: Any, now: float, days: int, config: Any, sealer: Any
) -> dict[str, Any]:
    # tables of all jobs: not loaded for --help
    from iotd.cli import demo_campus, demo_history
    from iotd.health.records import all_patients

    if all_patients(connection):
        raise Conflict("There are patients already; a demonstration needs an empty installation.")
    zone, poll = config.site.timezone, config.devices.poll_seconds
    made = demo_history.fill(connection, now, days, zone, poll)
    return {**made, **demo_campus.fill(
        connection, sealer, config.data_dir, now, zone, min(days, demo_campus.DAYS))}
