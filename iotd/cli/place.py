"""Which installation a command means, and the options that say so."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, TypeVar

import click
from twisted.internet import task

from iotd.config import Config, load

F = TypeVar("F", bound=Callable[..., Any])


def open_parts(config: Config, reactor: Any) -> Any:
    """Accounts and registry on the store, opened for one command."""
    # the store and everything on it: not loaded for --help and check
    from iotd.parts import open_parts as opened

    return opened(config, reactor)


@dataclass
class Surroundings:
    """What a command needs of the world; tests give others."""

    environ: dict[str, str] | None = None
    open_parts: Callable[[Config, Any], Any] = open_parts
    react: Callable[..., None] = task.react
    # how long a daemon that starts or stops is waited for
    turn_seconds: float = 10.0


@dataclass
class Place:
    """The options that every command takes."""

    config_file: Path | None
    data_dir: Path | None
    json: bool
    surroundings: Surroundings = field(default_factory=Surroundings)

    def config(self) -> Config:
        """The configuration in effect; ConfigFaults when there is a fault."""
        return load(self.config_file, self.surroundings.environ, self.data_dir)


def placed(command: F) -> F:
    """Give a command ``--config``, ``--data`` and ``--json`` as one :class:`Place`."""

    @click.pass_context
    def run(
        context: click.Context, /, config: Path | None, data: Path | None, json: bool, **args: Any
    ) -> Any:
        surroundings = context.obj or Surroundings()
        return context.invoke(command, Place(config, data, json, surroundings), **args)

    run.__doc__ = command.__doc__
    run.__name__ = command.__name__
    run.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    for option in reversed(OPTIONS):
        run = option(run)
    return run  # type: ignore[return-value]


OPTIONS = [
    click.option(
        "--config", type=click.Path(path_type=Path), metavar="FILE", help="The configuration, TOML."
    ),
    click.option(
        "--data", type=click.Path(path_type=Path), metavar="DIR",
        help="The daemon's folder [default: data_dir of the configuration].",
    ),
    click.option("--json", is_flag=True, help="Answer in JSON, faults too."),
]
