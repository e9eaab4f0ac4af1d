"""Rules of accounts: names, lifetimes, keys, secrets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.accounts import model
from iotd.accounts.model import Session, User
from iotd.errors import Invalid


def session(role: str, **values: float) -> Session:
    times = {"created_at": 0.0, "seen_at": 0.0, **values}
    return Session("id", 1, "ann", role, "csrf", address="10.0.0.1", agent="test", **times)


class NamesTests(SynchronousTestCase):
    def test_taken(self) -> None:
        """Names people have elsewhere are taken as they are."""
        for name in ("ann", "Ann.B", "ann@example.org", "a", "9-_", "a" * 60):
            self.assertEqual(model.check_name(name), name)

    def test_refused(self) -> None:
        """What could be mistaken for another name, or forge a log line, is refused."""
        for name in ("", "a" * 61, " ann", "ann ", "an\nn", "änn", ".ann", "ann\x00", "a/b"):
            error = self.assertRaises(Invalid, model.check_name, name)
            self.assertEqual(error.field, "name")

    def test_role(self) -> None:
        """A role that does not exist is refused with the five that do."""
        error = self.assertRaises(Invalid, model.check_role, "root")
        for role in ("admin", "operator", "viewer", "doctor", "patient"):
            self.assertIn(role, str(error))
            self.assertEqual(model.check_role(role), role)

    def test_key_hides_unknown(self) -> None:
        """A name nobody has may be a password in the wrong field: it is not kept."""
        self.assertEqual(model.account_key("Ann", exists=True), "ann")
        self.assertNotIn("hunter2", model.account_key("hunter2hunter2", exists=False))

    @given(st.text(max_size=300))
    def test_key_fits(self, name: str) -> None:
        """Whatever is typed as a name, what it is counted under fits its column."""
        self.assertLessEqual(len(model.account_key(name, exists=False)), 60)


class LifetimeTests(SynchronousTestCase):
    def test_idle(self) -> None:
        """Admins and doctors are signed out after 30 idle minutes, others after 8 hours."""
        for role in ("admin", "doctor"):
            self.assertEqual(session(role).expires_at, 30 * 60)
        for role in ("operator", "viewer", "patient"):
            self.assertEqual(session(role).expires_at, 8 * 3600)

    def test_absolute(self) -> None:
        """Use prolongs a session to 12 hours for admins and doctors, to 7 days for others."""
        for role in ("admin", "doctor"):
            self.assertEqual(session(role, seen_at=11.9 * 3600).expires_at, 12 * 3600)
        for role in ("operator", "viewer", "patient"):
            self.assertEqual(session(role, seen_at=6.9 * 86400).expires_at, 7 * 86400)


class NetworkTests(SynchronousTestCase):
    def test_addresses(self) -> None:
        """An IPv6 customer counts as one, however many addresses are used."""
        for address, expected in [
            ("10.0.0.1", "10.0.0.1"), ("::ffff:10.0.0.1", "10.0.0.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("fe80::1%eth0", "fe80::/64"),
            ("", ""), ("not an address" * 9, ("not an address" * 9)[:64]),
        ]:
            self.assertEqual(model.network(address), expected)


class SecretsTests(SynchronousTestCase):
    def test_secret(self) -> None:
        """A secret is 256 bits that need no quoting, and its hash is not it."""
        secret = model.new_secret()
        self.assertRegex(secret, r"^[A-Za-z0-9_-]{43}$")
        self.assertRegex(model.hash_secret(secret), r"^[0-9a-f]{64}$")
        self.assertNotEqual(secret, model.new_secret())

    def test_spelling(self) -> None:
        """Ten bytes are spelled one to one, without letters that look alike."""
        self.assertEqual(model.spell(bytes(10)), "aaaa-aaaa-aaaa-aaaa")
        self.assertEqual(model.spell(b"\xff" * 10), "9999-9999-9999-9999")
        self.assertRegex(model.new_password(), r"^([a-hjkmnp-z02-9]{4}-){3}[a-hjkmnp-z02-9]{4}$")


class UserTests(SynchronousTestCase):
    def test_json(self) -> None:
        """What is shown of an account holds no hash and no seed."""
        user = User(1, "ann", "viewer", "$hash", "sealed", "pending", 5, False, 0.0, None)
        self.assertEqual(user.as_json(), {
            "id": 1, "name": "ann", "role": "viewer", "disabled": False, "totp": True,
            "created_at": "1970-01-01T00:00:00.000Z", "last_login_at": None,
        })

    def test_asks_for_code(self) -> None:
        """Admins and doctors are asked for a code always, others once they turned it on."""
        for role, sealed, asks in [
            ("admin", None, True), ("doctor", None, True), ("viewer", None, False),
            ("operator", "sealed", True), ("patient", None, False),
        ]:
            user = User(1, "ann", role, None, sealed, None, None, False, 0.0, None)
            self.assertIs(user.asks_for_code, asks)
