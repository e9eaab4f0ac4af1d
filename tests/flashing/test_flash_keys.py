"""Keys for boards, as ``iotd flash`` asks a daemon for them."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from iotd.control import perform
from iotd.errors import Conflict
from iotd.flashing.choosing import proof_of
from iotd.flashing.model import Facts
from tests.apps import App


def proof(key: str, id: str = "cam-box") -> dict[str, str]:
    """That a board has this key, as choosing.proof_of tells it."""
    settings = {"id": id, "key": key}
    found = proof_of(Facts("ESP32", "1.27.0", 6, "", 0, 4096, settings=settings), id)
    assert found is not None
    return {"nonce": found[0], "mac": found[1]}


class KeyTests(TestCase):
    """The command on a real registry."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.app = App(Path(self.mktemp()))
        self.addCleanup(lambda: Deferred.fromCoroutine(self.app.close()))

    async def ask(self, **args: str | None) -> dict[str, Any]:
        parts: Any = self.app
        told: dict[str, Any] = await perform(
            parts, "board key", {"id": "cam-box", "kind": "camera", **args}, "cli:ada"
        )
        return told

    async def test_a_new_board(self) -> None:
        """An unknown id is made and approved, and has a key from then on."""
        self.assertEqual(await self.ask(peek="yes"), {"kept": False, "key": None, "why": None})
        made = await self.ask()
        self.assertEqual(len(made["key"]), 64)
        device = self.app.registry.get("cam-box")
        self.assertEqual((device["keyed"], device["kind"], device["state"]),
                         (True, "camera", "offline"))

    async def test_the_right_key_is_kept(self) -> None:
        """A board that proves its key keeps it, as often as it asks; nothing is written."""
        key = (await self.ask())["key"]
        for peek in (None, "yes"):
            told = await self.ask(**proof(key), peek=peek)
            self.assertEqual(told, {"kept": True, "key": None, "why": None})
        held = self.app.registry.key_of("cam-box")
        assert held is not None
        self.assertEqual(held.hex(), key)

    async def test_wrong_proofs(self) -> None:
        """A wrong key, one cut short, another id's, and an old nonce with another mac prove
        nothing; without leave no key is ended."""
        key = (await self.ask())["key"]
        right = proof(key)
        wrong = [proof("0" * 64), proof(key, "cam-bo"), {**right, "nonce": "0" * 32},
                 {**right, "mac": right["mac"][:63]}, {**right, "mac": ""}, {}]
        for each in wrong:
            told = await self.ask(**each, peek="yes")
            self.assertIn("another board", told["why"].replace("the other", "another"))
            with self.assertRaises(Conflict):
                await self.ask(**each)
        made = await self.ask(**wrong[0], replace="yes")
        self.assertNotIn(made["key"], (None, key))

    async def test_another_kind(self) -> None:
        """A board that becomes something else gets a new key and its new kind."""
        key = (await self.ask())["key"]
        made = await self.ask(**proof(key), kind="watch")
        self.assertNotIn(made["key"], (None, key))
        self.assertEqual(self.app.registry.get("cam-box")["kind"], "watch")

    async def test_revoked(self) -> None:
        """One that was revoked is let in again only with leave."""
        key = (await self.ask())["key"]
        await self.app.registry.revoke("cam-box", by="ada")
        self.assertIn("revoked", (await self.ask(**proof(key), peek="yes"))["why"])
        with self.assertRaises(Conflict):
            await self.ask(**proof(key))
        await self.ask(replace="yes")
        self.assertEqual(self.app.registry.get("cam-box")["state"], "offline")

    def test_vector(self) -> None:
        """The proof is HMAC-SHA256 of what the documentation says."""
        told = proof("ab" * 32)
        message = f"iotd1|flash|cam-box|{told['nonce']}".encode()
        self.assertEqual(
            told["mac"], hmac.new(b"\xab" * 32, message, hashlib.sha256).hexdigest())
