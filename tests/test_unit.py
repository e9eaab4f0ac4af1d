"""The systemd unit: systemd takes it, and it gives the daemon little to abuse."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from iotd.config import load
from iotd.exit_codes import BAD_USE, DAMAGED, NEEDS_UPGRADE
from iotd.limits import files_wanted

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
UNIT = DEPLOY / "iotd.service"
ANALYZE = shutil.which("systemd-analyze")
MOST_EXPOSED = 2.0  # of 10; below 2 systemd calls a service OK


class Unit(SynchronousTestCase):
    """What the unit says."""

    def setUp(self) -> None:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read(UNIT)
        self.service = parser["Service"]

    def test_no_restart_that_cannot_help(self) -> None:
        """Faults that a person has to mend end the service for good."""
        codes = self.service["RestartPreventExitStatus"].split()
        self.assertEqual(codes, [str(code) for code in (BAD_USE, DAMAGED, NEEDS_UPGRADE)])

    def test_files_for_all_connections(self) -> None:
        """The limit of open files holds what the default configuration may want."""
        self.assertGreater(int(self.service["LimitNOFILE"]), files_wanted(load(None, {})))

    def test_the_daemon_is_the_one_that_is_installed(self) -> None:
        """The command is twistd's, with options that it has."""
        command = self.service["ExecStart"].split()
        self.assertEqual(command[:4], ["/opt/iotd/bin/twistd", "--pidfile=", "-n", "iotd"])
        self.assertEqual(re.findall(r"--\w+", " ".join(command[4:])), ["--config", "--data"])


if ANALYZE is not None:

    class Systemd(SynchronousTestCase):
        """What systemd makes of it."""

        def analyze(self, *words: str) -> subprocess.CompletedProcess[str]:
            """Run systemd-analyze on the unit with a daemon that exists on this machine."""
            unit = Path(self.mktemp()).absolute() / UNIT.name
            unit.parent.mkdir()
            text = UNIT.read_text().replace("/opt/iotd/bin", str(Path(sys.executable).parent))
            unit.write_text(text)
            return subprocess.run(
                [str(ANALYZE), *words, str(unit)], capture_output=True, text=True, timeout=60
            )

        def test_it_verifies(self) -> None:
            """``systemd-analyze verify`` finds nothing to say."""
            done = self.analyze("verify", "--man=no")
            self.assertEqual((done.returncode, done.stderr), (0, ""))

        def test_exposure(self) -> None:
            """``systemd-analyze security`` rates the exposure at 2.0 or less, of 10."""
            done = self.analyze("security", "--offline=true", "--threshold=20", "--no-pager")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            rated = re.search(r"exposure level for iotd\.service: ([\d.]+)", done.stdout)
            assert rated is not None
            self.assertLessEqual(float(rated[1]), MOST_EXPOSED)
