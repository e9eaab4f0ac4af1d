"""The command as a whole: help, bad use, exit codes."""

from __future__ import annotations

import json
from typing import Any, Iterator

import click

from iotd import __version__
from iotd.cli.main import cli
from iotd.cli.telling import Refused
from iotd.config import ConfigFaults, Fault
from iotd.errors import Conflict, TooMany, Unavailable
from iotd.exit_codes import exit_code
from iotd.store.errors import KeyRefused, SchemaNewer, StoreDamaged, StoreUnavailable
from tests.cli.command import CommandCase

LEAVES = [
    "audit list", "audit verify", "campus check", "campus rebuild", "cert", "check", "demo",
    "device approve", "device key", "device list", "device revoke", "firmware cancel",
    "firmware list", "firmware release", "firmware resume", "firmware rollout", "firmware status",
    "flash", "image add", "image fetch", "image list", "simulate", "students erase",
    "students import", "students list", "token add", "user add", "user list", "user reset",
]


def leaves(group: Any = cli, above: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its whole name."""
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from leaves(command, f"{above}{name} ")
        else:
            yield above + name, command


class Main(CommandCase):
    """What all commands share."""

    def test_the_commands(self) -> None:
        """The commands are those that operators were promised."""
        self.assertEqual([name for name, _ in leaves()], LEAVES)

    def test_every_command_takes_the_same_three_options(self) -> None:
        """``--config``, ``--data`` and ``--json`` follow every subcommand."""
        for name, command in leaves():
            options = {option for param in command.params for option in param.opts}
            self.assertLessEqual({"--config", "--data", "--json"}, options, name)

    def test_every_help_has_an_example(self) -> None:
        """Each command's help shows how it is used."""
        for name, _ in leaves():
            shown = self.iotd(*name.split(), "--help")
            self.assertEqual(shown.code, 0)
            self.assertIn("Example:\n    ", shown.out, name)
            self.assertIn(f"iotd {name}", shown.out.split("Example:")[1], name)

    def test_version(self) -> None:
        """``--version`` names the program and its version."""
        self.assertEqual(self.bare("--version").out, f"iotd {__version__}\n")

    def test_bad_use(self) -> None:
        """What is no command or lacks a part ends with 2 and one sentence."""
        for words, told in ((["usr"], "No such command 'usr'"), (["user", "reset"], "NAME")):
            said = self.iotd(*words)
            self.assertEqual((said.code, said.out), (2, ""))
            self.assertIn(told, said.err)

    def test_bad_use_in_json(self) -> None:
        """Under ``--json`` bad use is JSON too."""
        said = self.iotd("user", "reset", "--json")
        self.assertEqual(said.code, 2)
        self.assertEqual(json.loads(said.err)["error"]["kind"], "UsageError")

    def test_no_command(self) -> None:
        """Alone it shows its help."""
        said = self.bare()
        self.assertEqual(said.code, 2)
        self.assertIn("Commands:", said.err)

    def test_exit_codes(self) -> None:
        """Each kind of trouble has its code, met here or told by a daemon."""
        faults = ConfigFaults([Fault("x", "y", "z")])
        for error, code in (
            (Conflict("taken"), 1), (faults, 2), (StoreDamaged("broken"), 3),
            (KeyRefused("open to all"), 3), (SchemaNewer("newer"), 4), (Unavailable("away"), 75),
            (StoreUnavailable("away"), 75), (TooMany("slower", 3.0), 75),
            (Refused("StoreUnavailable", "away"), 75), (Refused("Conflict", "taken"), 1),
        ):
            self.assertEqual(exit_code(error), code, error)
