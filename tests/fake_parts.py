"""Parts that remember what was asked of them, for the command line and its socket."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from iotd.errors import Conflict, NotFound

SECRET = "s" * 43
KEY = "0f" * 32


class FakeAccounts:
    """Users and tokens in dicts; ``gate`` holds add_user back until it fires."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.people: dict[str, dict[str, Any]] = {}
        self.gate: Deferred[None] | None = None
        self.about: dict[str, str] = {}

    async def add_user(
        self, name: str, role: str, password: str | None, by: str, **about: str
    ) -> dict[str, Any]:
        """Add it, or Conflict."""
        self.about = about
        self.calls.append(("add_user", name, role, password, by))
        if self.gate is not None:
            await self.gate
        if name in self.people:
            raise Conflict(f"There is a user {name} already.", "name")
        self.people[name] = {"id": len(self.people) + 1, "name": name, "role": role}
        made = {"password": "made-up-words"} if password is None else {}
        return {**self.people[name], **made}

    def users(self) -> list[dict[str, Any]]:
        """All of them."""
        return list(self.people.values())

    async def reset_user(self, name: str, by: str) -> dict[str, Any]:
        """A password, or NotFound; a fault of our own for "boom"."""
        if name == "boom":
            raise ZeroDivisionError("never told to callers")
        if name not in self.people:
            raise NotFound(f"There is no user {name}.", "name")
        return {"password": "fresh-words"}

    async def add_token(self, name: str, role: str, by: str) -> dict[str, Any]:
        """A token with its secret."""
        return {"id": 1, "name": name, "role": role, "secret": SECRET}


class FakeRegistry:
    """One pending device."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def list(self) -> list[dict[str, Any]]:
        """The one device."""
        return [
            {"id": "cam-1", "kind": "camera", "state": "pending", "address": "10.0.0.7",
             "keyed": False, "firmware": None, "last_seen": None, "rssi": None, "name": "cam-1"}
        ]

    async def approve(
        self, id: str, kind: str | None = None, same_as: str | None = None, by: str = ""
    ) -> dict[str, Any]:
        """Remember and give the device."""
        self.calls.append(("approve", id, kind, same_as, by))
        return {**self.list()[0], "id": id, "state": "online"}

    async def revoke(self, id: str, by: str) -> dict[str, Any]:
        """Remember and give the device."""
        self.calls.append(("revoke", id, by))
        return {**self.list()[0], "id": id, "state": "revoked"}

    async def make_key(self, id: str, kind: str | None = None, by: str = "") -> str:
        """Remember and give a key."""
        self.calls.append(("make_key", id, kind, by))
        return KEY


class FakeCertificates:
    """Remembers what was wished for."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    async def take(self, wish: Any, by: str) -> dict[str, Any]:
        """Remember it; an authority is always made."""
        self.calls.append((wish, by))
        return {"made": ["ca", "server", "boards"], "faults": [], **await self.show()}

    async def show(self) -> dict[str, Any]:
        """Three certificates, of which one has ended."""
        pair = {
            "fault": None, "names": ["iotd"], "ends_at": "2056-11-18T21:28:37.000Z", "days": 9000,
            "fingerprint": "AB:CD",
        }
        return {
            "folder": "/data/tls", "exists": True, "given": [], "listeners": [], "ca": pair,
            "boards": pair, "server": {**pair, "fault": "It has ended."},
        }


class FakeParts:
    """Accounts, registry, certificates; ``closed`` once closed."""

    def __init__(self) -> None:
        self.accounts = FakeAccounts()
        self.registry = FakeRegistry()
        self.certificates = FakeCertificates()
        self.closed = False

    async def close(self) -> None:
        """Remember it."""
        self.closed = True
