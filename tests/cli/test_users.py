"""``iotd user`` and ``iotd token``."""

from __future__ import annotations

import json
from unittest import mock

from tests.cli.command import CommandCase
from tests.fake_parts import SECRET

SECOND_FACTOR = "ada sets up the second factor at the first sign-in.\n"


class Users(CommandCase):
    """Accounts."""

    def password(self) -> object:
        """The password that accounts were given."""
        return self.parts.accounts.calls[-1][3]

    def test_a_made_up_password_stands_alone(self) -> None:
        """Without a terminal the password is made up and is all of standard output."""
        said = self.iotd("user", "add", "bob", "--role", "viewer")
        self.assertEqual((said.code, said.out, said.err), (0, "made-up-words\n", ""))
        self.assertIsNone(self.password())
        self.assertTrue(self.parts.closed)

    def test_password_from_standard_input(self) -> None:
        """``--password-stdin`` takes the first line, without its end."""
        said = self.iotd(
            "user", "add", "bob", "--role", "viewer", "--password-stdin",
            stdin=b" p\xc3\xa4ss \r\nx\n",
        )
        self.assertEqual((said.code, said.out), (0, "made bob, viewer\n"))
        self.assertEqual(self.password(), " päss ")

    def test_standard_input_without_a_password(self) -> None:
        """An empty, endless or undecodable first line is refused before anything is done."""
        for stdin in (b"", b"\n", b"\r\nx", b"x" * 5000, b"\xff\n"):
            said = self.iotd(*"user add b --role viewer --password-stdin".split(), stdin=stdin)
            self.assertEqual((said.code, said.out), (1, ""))
            self.assertIn("the first line is no password", said.err)
        self.assertEqual(self.parts.accounts.calls, [])

    def test_name_and_address(self) -> None:
        """E-mail and full name go along when they are given, and only then."""
        self.iotd("user", "add", "ann", "--role", "patient")
        self.assertEqual(self.parts.accounts.about, {})
        self.iotd("user", "add", "bob", "--role", "doctor", "--full-name", "Dr. Bob",
                  "--email", "bob@example.org")
        self.assertEqual(
            self.parts.accounts.about, {"email": "bob@example.org", "full_name": "Dr. Bob"}
        )

    def test_password_from_a_terminal(self) -> None:
        """On a terminal the password is asked for twice and never shown."""
        with mock.patch("click.termui.hidden_prompt_func", side_effect=["secret1", "secret1"]):
            said = self.iotd("user", "add", "ada", "--role", "admin", terminal=True)
        self.assertEqual((said.code, said.out), (0, "made ada, admin\n"))
        self.assertEqual(self.password(), "secret1")

    def test_admins_and_doctors_hear_of_the_second_factor(self) -> None:
        """Roles that need one are told so on standard error, others aren't."""
        for role, told in (("admin", SECOND_FACTOR), ("doctor", SECOND_FACTOR), ("patient", "")):
            self.parts.accounts.people.clear()
            self.assertEqual(self.iotd("user", "add", "ada", "--role", role).err, told)

    def test_a_name_that_is_taken(self) -> None:
        """A refusal is one sentence on standard error and exit code 1."""
        self.iotd("user", "add", "bob", "--role", "viewer")
        said = self.iotd("user", "add", "bob", "--role", "viewer")
        self.assertEqual((said.code, said.out), (1, ""))
        self.assertEqual(said.err, "There is a user bob already.\n")

    def test_a_refusal_in_json(self) -> None:
        """Under ``--json`` a refusal has its kind and field."""
        said = self.iotd("user", "reset", "eve", "--json")
        told = {"kind": "NotFound", "message": "There is no user eve.", "field": "name"}
        self.assertEqual((said.code, json.loads(said.err)), (1, {"error": told}))

    def test_list(self) -> None:
        """Accounts are shown as a table, or as JSON."""
        self.iotd("user", "add", "bob", "--role", "viewer")
        rows = [line.split() for line in self.iotd("user", "list").out.splitlines()]
        self.assertEqual(rows, [["id", "name", "role"], ["1", "bob", "viewer"]])
        items = json.loads(self.iotd("user", "list", "--json").out)["items"]
        self.assertEqual(items, [{"id": 1, "name": "bob", "role": "viewer"}])

    def test_reset(self) -> None:
        """A reset prints the new password alone."""
        self.iotd("user", "add", "bob", "--role", "viewer")
        self.assertEqual(self.iotd("user", "reset", "bob").out, "fresh-words\n")

    def test_a_role_that_is_none(self) -> None:
        """An unknown role is bad use and names the ones there are."""
        said = self.iotd("user", "add", "bob", "--role", "boss")
        self.assertEqual(said.code, 2)
        self.assertIn("'admin', 'operator', 'viewer', 'doctor', 'patient'", said.err)


class Tokens(CommandCase):
    """Bearer tokens."""

    def test_the_secret_stands_alone(self) -> None:
        """The secret, once, is all of standard output."""
        said = self.iotd("token", "add", "grafana", "--role", "viewer")
        self.assertEqual((said.code, said.out, said.err), (0, SECRET + "\n", ""))

    def test_json(self) -> None:
        """Under ``--json`` the token comes with its id."""
        made = json.loads(self.iotd("token", "add", "t", "--role", "viewer", "--json").out)
        self.assertEqual((made["id"], made["secret"]), (1, SECRET))
