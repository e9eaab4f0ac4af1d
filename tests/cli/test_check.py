"""``iotd check``."""

from __future__ import annotations

import json
import resource
from pathlib import Path

from iotd import limits
from iotd.config import KINDS
from tests.cli.command import CommandCase

BROKEN = "[web]\nlisen = []\n[store]\nurl = 'mysql://root:geheim@db/iotd'\n"


class Check(CommandCase):
    """The configuration, told."""

    def setUp(self) -> None:
        super().setUp()
        self.allowed = 10**6
        self.patch(resource, "getrlimit", lambda _: (1024, self.allowed))

    def broken(self) -> str:
        """A file with two faults."""
        path = Path(self.mktemp())
        path.write_text(BROKEN)
        return str(path)

    def test_ok(self) -> None:
        """A good configuration is ``ok``, and nothing is made on disk."""
        said = self.iotd("check")
        self.assertEqual((said.code, said.out, said.err), (0, "ok\n", ""))
        self.assertFalse(self.data_dir.exists())

    def test_every_fault(self) -> None:
        """Faults are told one a line on standard error, with exit code 2."""
        path = self.broken()
        said = self.iotd("check", "--config", path)
        self.assertEqual((said.code, said.out), (2, ""))
        first, second = said.err.splitlines()
        self.assertEqual(first, f"{path} line 2: web.lisen is not a key; nearest is web.listen")
        told = f"{path} line 4: store.url is 'mysql://root:***@db/iotd'"
        self.assertEqual(second[:len(told)], told)

    def test_every_fault_in_json(self) -> None:
        """Under ``--json`` each fault comes with its file, line and key."""
        said = self.iotd("check", "--config", self.broken(), "--json")
        error = json.loads(said.err)["error"]
        self.assertEqual(error["kind"], "ConfigFaults")
        places = [(fault["line"], fault["key"]) for fault in error["faults"]]
        self.assertEqual(places, [(2, "web.lisen"), (4, "store.url")])
        self.assertNotIn("geheim", said.err)

    def test_every_command_refuses_a_faulty_configuration(self) -> None:
        """A fault ends any command with 2 before it does anything."""
        said = self.iotd("user", "list", "--config", self.broken())
        self.assertEqual((said.code, said.out), (2, ""))
        self.assertFalse(self.data_dir.exists())

    def test_verbose(self) -> None:
        """``--verbose`` shows every key, its value and where that comes from."""
        self.surroundings.environ = {"IOTD_SITE__NAME": "Campus"}
        lines = self.iotd("check", "--verbose").out.splitlines()
        self.assertEqual([line.split()[0] for line in lines[1:-1]], list(KINDS))
        self.assertEqual(lines[2].split(None, 2)[1:], ['"Campus"', "environment IOTD_SITE__NAME"])
        self.assertEqual(lines[-1], "ok")

    def test_verbose_in_json_shows_no_secret(self) -> None:
        """Values come as they are, passwords masked."""
        self.surroundings.environ = {"IOTD_STORE__URL": "mysql+pymysql://root:geheim@db/iotd"}
        said = json.loads(self.iotd("check", "--verbose", "--json").out)
        values = {each["key"]: each["value"] for each in said["values"]}
        self.assertEqual(values["store.url"], "mysql+pymysql://root:***@db/iotd")
        self.assertEqual((values["web.listen"], values["cameras.on_demand"]), (["tcp:8080"], False))

    def test_too_few_files(self) -> None:
        """More connections than files is a warning with the numbers, no fault."""
        self.allowed = 4096
        said = self.iotd("check")
        self.assertEqual((said.code, said.out), (0, "ok\n"))
        self.assertIn("want 18320 open files in all, but a process may open 4096 here", said.err)
        self.assertEqual(len(json.loads(self.iotd("check", "--json").out)["warnings"]), 1)

    def test_raising_the_limit(self) -> None:
        """The soft limit is lifted to the hard one, once."""
        lifted: list[object] = []
        self.patch(resource, "setrlimit", lambda _, pair: lifted.append(pair))
        self.assertEqual(limits.raise_files_allowed(), 10**6)
        self.assertEqual(lifted, [(10**6, 10**6)])

    def test_a_limit_that_stays(self) -> None:
        """Where the limit can't be lifted the soft one is what there is."""
        def refuse(which: int, pair: tuple[int, int]) -> None:
            raise ValueError("not allowed to raise maximum limit")

        self.patch(resource, "setrlimit", refuse)
        self.assertEqual(limits.raise_files_allowed(), 1024)
