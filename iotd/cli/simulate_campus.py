"""What ``iotd simulate`` needs for gates: the broker's port, the register as a file."""

from __future__ import annotations

import csv
from urllib.parse import urlsplit

import click

from iotd.config import Config
from iotd.config_checks import port_of
from iotd.simulate.students import register

MQTT_PORT = 1883


def write_register(path: str, students: int) -> None:
    """The students as CSV, in the form that ``iotd students import`` takes."""
    try:
        with open(path, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(register(students))
    except OSError as problem:
        raise click.BadParameter(str(problem), param_hint="'--register'") from None


def broker_port(config: Config) -> int:
    """Where the broker listens: the embedded one's port, or the one of mqtt.broker."""
    if config.mqtt.broker != "embedded":
        return urlsplit(config.mqtt.broker).port or MQTT_PORT
    port = port_of(config.mqtt.listen)
    if not port:
        raise click.UsageError("mqtt.listen names no TCP port: give one with --mqtt-port")
    return port
