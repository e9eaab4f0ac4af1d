"""Altered manifests: the board's own code, in the VM, takes none of a thousand."""

from __future__ import annotations

import json
import random
from typing import Any, Iterator

from twisted.trial.unittest import SynchronousTestCase

from iotd.wire import board_lines
from tests.firmware import rig
from tests.firmware.flash import FIRMWARE, firmware_files
from tests.firmware.release import Release, canonical, mac_of
from tests.firmware.vm import run_script
from common.updating import part_of

assert rig.FIRMWARE == FIRMWARE

ID, KEY = "cam-one", bytes(range(32))
NONCE = "5a" * 16
OURS = {"kind": "camera", "version": "1.0.0", "build": 7}
#: One try of the board per line of /cases: what it would hear, told to Update as its answers.
CODE = """
import os
os.urandom = bytes
from common.manifest import Refused
from common.updating import Update


class Slots:
    root, other, version = "", "b", {ours}

    def replaces(self):
        return True

    def settle(self):
        raise OSError("TAKEN")


with open("/cases") as cases:
    for line in cases:
        answer = bytes.fromhex(line.strip())
        steps = Update(Slots(), "{id}", bytes.fromhex("{key}"), 8, lambda: None,
                       lambda count: b"Z" * count).steps()
        try:
            what, offset, _ = steps.send(None)
            while True:
                what, offset, _ = steps.send((len(answer), answer[offset:offset + 768]))
        except Refused as problem:
            print(problem.word)
        except OSError as problem:
            print(problem)
"""


def answer(manifest: bytes, key: bytes = KEY, id: str = ID, nonce: str = NONCE) -> bytes:
    """What is told for ``fetch manifest:``."""
    return mac_of(key, id, nonce, manifest).encode() + b"\n" + manifest


def tries(answers: list[bytes]) -> list[str]:
    """What the board says to each: the word of its refusal, or TAKEN."""
    code = CODE.replace("{ours}", repr(OURS)).replace("{id}", ID).replace("{key}", KEY.hex())
    files = {f"/common/{name}.py": (FIRMWARE / "common" / f"{name}.py").read_text()
             for name in ("__init__", "errors", "hello", "manifest", "updating")}
    cases = "".join(each.hex() + "\n" for each in answers)
    return run_script(code, {**files, "/cases": cases}).split()


def torn(honest: bytes, chance: random.Random) -> bytes:
    """The answer with some bytes changed, left out, put in, or swapped."""
    data = bytearray(honest)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        at = chance.randrange(len(data))
        match chance.randrange(5):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                del data[at:at + chance.randint(1, 40)]
            case 2:
                data[at:at] = chance.randbytes(chance.randint(1, 40))
            case 3:
                del data[at:]
                data += b"x"
            case _:
                data[at:at + 9] = bytes(reversed(data[at:at + 9])) + b" "
    return bytes(data)


def changed(manifest: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The manifest with one thing in it that somebody would like to be another."""
    copy = json.loads(json.dumps(manifest))
    file = chance.choice(copy["files"])
    match chance.randrange(6):
        case 0:
            copy["build"] = chance.randint(9, 1000)
        case 1:
            file[2] = chance.randbytes(32).hex()
        case 2:
            file[1] += chance.choice((-1, 1, 4096))
        case 3:
            file[0] = "extra_" + file[0]
        case 4:
            copy["version"] = f"{chance.randrange(9)}.9.9"
        case _:
            copy["files"].append([f"extra{chance.randrange(99)}.py", 1, "0" * 64])
    return dict(copy)


class ManifestTests(SynchronousTestCase):
    """common/manifest.py and the beginning of common/updating.py."""

    def setUp(self) -> None:
        self.release = Release("camera", 8, firmware_files("camera"))
        self.honest = answer(self.release.manifest)
        self.manifest: dict[str, Any] = json.loads(self.release.manifest)

    def forged(self) -> Iterator[bytes]:
        """1,000 answers of somebody who has not the key, or has another board's."""
        chance = random.Random(8)
        for _ in range(500):
            yield torn(self.honest, chance)
        mac = self.honest[:65]
        for _ in range(200):
            yield mac + canonical(changed(self.manifest, chance))
        for _ in range(100):  # recorded earlier, of this board too
            yield answer(self.release.manifest, nonce=chance.randbytes(16).hex())
        for _ in range(100):
            yield answer(self.release.manifest, key=chance.randbytes(32))
        for number in range(100):  # what was made for another board
            yield answer(self.release.manifest, id=f"cam-{number:03}")

    def unlawful(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """(word of the refusal, what differs) of manifests that do have a right MAC."""
        yield from (("kind", {"kind": kind}) for kind in ("watch", "gate", "", None, 1))
        yield from (("older", {"build": build}) for build in (1, 5, 6))
        yield from (("older", {"build": 6, "older": older}) for older in (1, "true", None))
        yield from (("same", {"build": 7, "older": older}) for older in (True, False))
        yield from (("form", {"build": build}) for build in (0, -8, "8", 8.5, None, True))
        odd: tuple[Any, ...] = (None, {}, "x", [1], [[]], [["a", 1]])
        yield from (("form", {"files": files}) for files in odd)
        yield from (("build", {"build": build}) for build in (9, 80))
        for path in ("/main.py", "../main.py", "common/../../main.py", "a\\b.py", "c:x.py", "",
                     "common//x.py", "./x.py", "x/", "x y.py", "ü.py", "x" * 65, ".", "x\n.py",
                     "a/./b.py", "a/..", None, 7):
            yield "path", {"files": [*self.manifest["files"], [path, 1, "0" * 64]]}
        for digest in ("0" * 63, "A" * 64, "g" * 64, None, ""):
            yield "form", {"files": [*self.manifest["files"], ["x.py", 1, digest]]}
        for size in (-1, 1 << 20 | 1, "1", None, 1.0, 1 << 20):
            yield "size", {"files": [*self.manifest["files"], ["x.py", size, "0" * 64]]}
        own = self.manifest["files"]
        yield "files", {"files": [*own, *[[f"x{n}.py", 1, "0" * 64] for n in range(128)]]}
        yield "files", {"files": [*own, own[0]]}
        yield "files", {"files": [*own, ["main.mpy", 1, "0" * 64]]}
        yield "files", {"files": [each for each in own if each[0] != "main.py"]}
        yield "files", {"files": [each for each in own if each[0] != "version.json"]}

    def test_forged(self) -> None:
        """A thousand forged ones are refused for their MAC; the true one before and after not."""
        forged = list(self.forged())
        self.assertEqual(len(forged), 1000)
        self.assertNotIn(self.honest, forged)
        said = tries([self.honest, *forged, self.honest])
        self.assertEqual((said[0], said[-1]), ("TAKEN", "TAKEN"))
        self.assertEqual(said[1:-1], ["mac"] * 1000)

    def test_unlawful(self) -> None:
        """What a right MAC does not excuse is refused by its word."""
        cases = list(self.unlawful())
        answers = [answer(canonical({**self.manifest, **more})) for _, more in cases]
        broken = [answer(data) for data in (b"", b"{", b"[]", b"7", b'{"build":8}', b"\xff\xfe")]
        said = tries([*answers, *broken, answer(bytes(20_000))])
        told = [(word, more) for word, (_, more) in zip(said, cases)]
        self.assertEqual(told, cases)
        self.assertEqual(said[len(cases):], ["form"] * len(broken) + ["size"])

    def test_meant(self) -> None:
        """An older build is taken when the daemon says that it is meant."""
        meant = canonical({**self.manifest, "build": 6, "older": True})
        self.assertEqual(tries([answer(meant)]), ["build"])  # 8 was offered, so far as it was right

    def test_as_the_daemon_says_it(self) -> None:
        """A line of the daemon's is taken apart into what it was made of."""
        line = board_lines.part(1830, 768, bytes(range(256)) * 3)
        self.assertEqual(part_of(line), (1830, 768, bytes(range(256)) * 3))
        for bad in ("part", "part 1 2 AA==", "part 9 0 A", "part x 0 AA==", "part 9 0 AA== more",
                    "part 9 -1 AA==", board_lines.part(9999, 0, bytes(769))):
            self.assertIsNone(part_of(bad), bad)
