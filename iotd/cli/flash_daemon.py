"""The daemon that a flashed board is for: this machine's, or another by its HTTPS API."""

from __future__ import annotations

import hashlib
import http.client
import json
import ssl
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote, urlsplit

from iotd.cli import asking
from iotd.cli.place import Place
from iotd.cli.telling import Refused
from iotd.errors import Conflict, Denied, Invalid, NotFound, Unavailable
from iotd.flashing import shipped
from iotd.flashing.choosing import host_for
from iotd.flashing.model import Firmware
from iotd.flashing.wires import own_addresses, wire_of
from iotd.flashing.wishes import NotRunning, Standing

SECONDS = 15.0
#: Of a board whose settings nobody reads.
_ANY_ID, _ANY_PORT = "new-board", 9001
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Here:
    """The daemon of this machine's configuration, asked through its control socket."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._config = place.config()

    def standing(self, id: str, kind: str, proof: tuple[str, str] | None) -> Standing:
        """Asked of a daemon that runs; without one the answer comes with the key."""
        args = {**self._about(id, kind, proof), "peek": "yes"}
        try:
            told = asking.ask_daemon(self._config.data_dir, "board key", args)
        except asking.NotRunning:
            return Standing()
        return Standing(told["kept"], told["why"])

    def key(self, id: str, kind: str, proof: tuple[str, str] | None, replace: bool) -> str | None:
        """A new key, or None; made without a daemon too."""
        args = self._about(id, kind, proof)
        told: dict[str, Any] = asking.ask(
            self._place, "board key", **args, replace="yes" if replace else None
        )
        return told["key"]

    def _about(
        self, id: str, kind: str, proof: tuple[str, str] | None
    ) -> dict[str, str | None]:
        nonce, mac = proof or (None, None)
        return {"id": id, "kind": kind, "nonce": nonce, "mac": mac}

    def device(self, id: str) -> dict[str, Any] | None:
        """As `device list` has it."""
        try:
            listed = asking.ask_daemon(self._config.data_dir, "device list", {})
        except asking.NotRunning:
            raise NotRunning from None
        return next((each for each in listed if each["id"] == id), None)

    def wire(self, kind: str, tls: bool | None) -> tuple[int | None, bool]:
        """The encrypted listener's port where there is one, unless a plain one is wished for."""
        found = wire_of(kind, self._config, tls)
        return found.port, found.tls

    def host(self, before: str | None) -> str:
        """This machine's address, as boards may reach it."""
        return host_for(before, own_addresses())

    def authority(self) -> bytes:
        """Of `iotd cert`."""
        return shipped.authority(self._config.data_dir)


class Elsewhere:
    """A daemon known by its address, asked with a bearer token of an operator."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid("--daemon is an address such as https://iotd.example.org.", "daemon")
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise Invalid("--daemon must be https://: the board's key comes over it.", "daemon")
        if not token:
            raise Invalid("No token came on standard input: iotd token add NAME --role operator"
                          " makes one.", "token_stdin")
        self._host = parts.hostname
        self._url, self._token = url.rstrip("/"), token
        self._kinds: dict[str, Any] | None = None

    def standing(self, id: str, kind: str, proof: tuple[str, str] | None) -> Standing:
        """The daemon judges the proof; the board's key stays where it is."""
        nonce, mac = proof or (None, None)
        asked = {"id": id, "kind": kind, "nonce": nonce, "mac": mac}
        told = self._call("POST", "/api/v1/flash/proof", asked)
        return Standing(told["kept"], told["why"])

    def key(self, id: str, kind: str, proof: tuple[str, str] | None, replace: bool) -> str | None:
        """A new key, or None."""
        standing = self.standing(id, kind, proof)
        if standing.kept:
            return None
        if standing.why and not replace:
            raise Conflict(standing.why, "id")
        made = self._call("POST", f"/api/v1/devices/{quote(id)}/key", {"kind": kind})
        return str(made["key"])

    def device(self, id: str) -> dict[str, Any] | None:
        """As GET /api/v1/devices/{id} has it."""
        try:
            found: dict[str, Any] = self._call("GET", f"/api/v1/devices/{quote(id)}")
            return found
        except NotFound:
            return None

    def wire(self, kind: str, tls: bool | None) -> tuple[int | None, bool]:
        """As the daemon tells browsers."""
        told = self._offers()["wires"].get(kind, {})
        return told.get("port"), bool(told.get("tls"))

    def host(self, before: str | None) -> str:
        """Where the board found it before, else the host that we ask."""
        return before or ("" if self._host in _LOOPBACK else self._host)

    def authority(self) -> bytes:
        """As the daemon tells browsers."""
        pem = self._offers()["authority"]
        if pem is None:
            raise Unavailable("The daemon's listener is encrypted and it has no authority: run"
                              " `iotd cert` there.", "daemon")
        return ssl.PEM_cert_to_DER_cert(pem)

    def firmware(self, kind: str, mpy: int) -> Firmware:
        """That of the daemon's release, each file the one that it named."""
        # its settings are made here: the answer's are those of any board
        asked = {"kind": kind, "id": _ANY_ID, "host": "localhost", "port": _ANY_PORT, "tls": False,
                 "mpy": mpy, "again": True, "dry_run": True}
        told = self._call("POST", "/api/v1/flash/boards", asked)
        files = {each["path"]: self._file(each["sha256"]) for each in told["slot_files"]}
        return Firmware(kind, told["version"], told["build"], files)

    def _file(self, sha256: str) -> bytes:
        data = self._ask("GET", f"/api/v1/flash/files/{sha256}")
        if hashlib.sha256(data).hexdigest() != sha256:
            raise Unavailable(f"{self._url} sent another file than it named: run this again.",
                              "daemon")
        return data

    def _offers(self) -> dict[str, Any]:
        if self._kinds is None:
            self._kinds = self._call("GET", "/api/v1/flash/kinds")
        return self._kinds

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        try:
            return json.loads(self._ask(method, path, body))
        except ValueError:
            raise Unavailable(f"What answers at {self._url} is no iotd.", "daemon") from None

    def _ask(self, method: str, path: str, body: Any = None) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        asked = urllib.request.Request(self._url + path, data, headers, method=method)
        try:
            with _STRAIGHT.open(asked, timeout=SECONDS) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as problem:
            raise _refusal(problem) from None
        except (OSError, http.client.HTTPException, ValueError) as problem:
            why = getattr(problem, "reason", problem)
            known = "" if not isinstance(why, ssl.SSLCertVerificationError) else (
                " Name the file of its authority in the variable SSL_CERT_FILE."
            )
            raise Unavailable(f"{self._url} does not answer: {why}.{known}", "daemon") from None


class _NowhereElse(urllib.request.HTTPRedirectHandler):
    """The token is for the daemon that was named, and for no other address."""

    def redirect_request(self, *asked: Any) -> None:
        """Not followed: it is told as a fault."""


_STRAIGHT = urllib.request.build_opener(_NowhereElse)


def _refusal(problem: urllib.error.HTTPError) -> Exception:
    if 300 <= problem.code < 400:
        return Invalid("The daemon says that it is at another address: give that one.", "daemon")
    try:
        told = json.loads(problem.read())
        sentence = str(told.get("detail") or told.get("title"))
    except (ValueError, AttributeError, OSError):
        sentence = f"The daemon answered {problem.code}."
    if problem.code == 404:
        return NotFound(sentence)
    if problem.code in (401, 403):
        return Denied(f"{sentence} The token must be an operator's or an admin's.", "token_stdin")
    return Refused("Conflict" if problem.code < 500 else "Unavailable", sentence)
