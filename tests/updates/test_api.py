"""Releases and roll-outs over HTTP, and on the command line of a running daemon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from iotd.control import perform
from iotd.errors import Invalid
from iotd.updates.shapes import BoardOut, ReleaseOut, RolloutOut
from tests.apps import App
from tests.updates.room import copy_release

FIRMWARE, ROLLOUTS = "/api/v1/firmware", "/api/v1/rollouts"
INFO = "info fw=1.0.0 build=1 kind=watch boot=b1 slot=a mpy=6"


class UpdatesApiTests(TestCase):
    """Two releases, four watches that told of themselves, and an operator."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.app = App(Path(self.mktemp()))
        self.addCleanup(lambda: Deferred.fromCoroutine(self.app.close()))
        for text in ("first", "second"):
            copy_release(self.app.folder / "firmware", text)
        for number in range(4):
            id = f"w-{number:02}"
            await self.app.registry.make_key(id, "watch", "ada")
            self.app.boards.updates.hear(id, "dev", INFO, lambda line: None)
        await self.app.add("olga", "operator")
        self.olga = await self.app.signed_in("olga")

    async def call(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """What an operator is answered."""
        options = {} if body is None else {"json": body}
        reply = await self.olga.call(method, path, **options)
        self.assertEqual(reply.status, status, reply.body)
        return reply.json

    async def test_firmware(self) -> None:
        """Releases are listed newest first, in pages, each as described; an altered one says so."""
        found = await self.call("GET", FIRMWARE)
        self.assertEqual([one["build"] for one in found["items"]], [2, 1])
        self.assertEqual({*found["items"][0]}, {*ReleaseOut.model_fields})
        self.assertEqual(found["items"][0]["kinds"][:2], ["cabinet", "cabinet_camera"])
        self.assertEqual((await self.call("GET", f"{FIRMWARE}?limit=1"))["next"],
                         f"{FIRMWARE}?limit=1&after=2")
        (self.app.folder / "firmware" / "2" / "release.json").write_text("{}")
        found = await self.call("GET", FIRMWARE)
        self.assertEqual([one["fault"] for one in found["items"]],
                         ["release.json was not signed with this server's key", None])

    async def test_release(self) -> None:
        """The shipped firmware is released once; a second time there is nothing new in it."""
        made = await self.call("POST", FIRMWARE, {}, status=201)
        self.assertEqual((made["id"], made["build"], made["fault"]), (3, 3, None))
        again = await self.call("POST", FIRMWARE, {}, status=409)
        self.assertIn("Build 3 holds the firmware of this iotd already", again["detail"])

    async def test_rollout(self) -> None:
        """A roll-out is begun, shown with its boards, cancelled, and then ended for good."""
        begun = await self.call("POST", ROLLOUTS, {}, status=201)
        self.assertEqual((begun["id"], begun["build"], begun["state"]), (1, 2, "running"))
        self.assertEqual({*begun}, {*RolloutOut.model_fields, "boards"})
        self.assertEqual({*begun["boards"][0]}, {*BoardOut.model_fields})
        self.assertEqual((begun["boards_total"], begun["waves"]), (4, 3))
        self.assertEqual(begun["started_by"], "olga")
        self.assertEqual(await self.call("GET", f"{ROLLOUTS}/1"), begun)
        second = await self.call("POST", ROLLOUTS, {}, status=409)
        self.assertIn("Roll-out 1 is under way", second["detail"])
        ended = await self.call("POST", f"{ROLLOUTS}/1/cancel")
        self.assertEqual((ended["state"], ended["counts"]["left"]), ("cancelled", 4))
        for word in ("cancel", "resume"):
            await self.call("POST", f"{ROLLOUTS}/1/{word}", status=409)

    async def test_pages(self) -> None:
        """Roll-outs are listed newest first, in pages, without their boards."""
        for _ in range(3):
            begun = await self.call("POST", ROLLOUTS, {"devices": ["w-03"]}, status=201)
            await self.call("POST", f"{ROLLOUTS}/{begun['id']}/cancel")
        page = await self.call("GET", f"{ROLLOUTS}?limit=2")
        self.assertEqual([one["id"] for one in page["items"]], [3, 2])
        self.assertNotIn("boards", page["items"][0])
        rest = await self.call("GET", page["next"])
        self.assertEqual(([one["id"] for one in rest["items"]], rest["next"]), ([1], None))

    async def test_refused(self) -> None:
        """What is wrong is told with its field: bodies, builds, boards, roll-outs."""
        for body, status, field in (
            ({"build": 7}, 422, "build"), ({"build": 0}, 422, "build"),
            ({"devices": []}, 422, "devices"), ({"devices": ["nobody"]}, 422, "devices"),
            ({"older": "perhaps"}, 422, "older"), ({"extra": 1}, 422, "extra"),
            ({"build": 1, "devices": ["w-01"]}, 409, "devices"),
        ):
            told = await self.call("POST", ROLLOUTS, body, status=status)
            self.assertEqual(told["field"], field, told)
        for path in ("9", "x", "9" * 30, "-1"):
            await self.call("GET", f"{ROLLOUTS}/{path}", status=404)
            await self.call("POST", f"{ROLLOUTS}/{path}/cancel", status=404)

    async def test_roles(self) -> None:
        """Viewers, doctors and patients have no part in it."""
        await self.app.add("vera", "viewer")
        vera = await self.app.signed_in("vera")
        for path in (FIRMWARE, ROLLOUTS, f"{ROLLOUTS}/1"):
            self.assertEqual((await vera.call("GET", path)).status, 403)
        self.assertEqual((await vera.call("POST", ROLLOUTS, json={})).status, 403)

    async def test_commands(self) -> None:
        """The command line asks the same of the daemon, all of it in texts."""

        async def ask(command: str, **args: str | None) -> Any:
            return await perform(self.app, f"firmware {command}", args, "cli:ada")  # type: ignore

        self.assertIsNone(await ask("status"))
        self.assertEqual([one["build"] for one in await ask("list")], [2, 1])
        begun = await ask("rollout", build="2", devices="w-01 w-02", older=None)
        self.assertEqual((begun["boards_total"], begun["started_by"]), (2, "cli:ada"))
        self.assertEqual(await ask("status"), await ask("status", id="1"))
        self.assertEqual((await ask("cancel", id="1"))["state"], "cancelled")
        with self.assertRaises(Invalid):
            await ask("status", id="one")
        self.assertEqual((await ask("release"))["build"], 3)
