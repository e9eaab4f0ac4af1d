"""The rights table by itself; the calls made from it are in tests/test_rights.py."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from iotd.accounts.rights import ADMIN, EVENTS, PUBLIC, RIGHTS, ROLES, SIGNED_IN, hears, may


class RightsTests(SynchronousTestCase):
    def test_nobody(self) -> None:
        """Without an account one reaches the public routes and no other."""
        reached = {name for name in RIGHTS if may(None, name)}
        self.assertEqual(reached, {name for name, allowed in RIGHTS.items() if allowed == PUBLIC})
        self.assertEqual(
            {name for name in reached if name.startswith("accounts.")},
            {"accounts.login_page", "accounts.setup_page", "accounts.set_up", "accounts.log_in",
             "accounts.enrol_page", "accounts.forgot_page", "accounts.reset_page",
             "accounts.sign_up", "accounts.forgot_password", "accounts.reset_password"},
        )

    def test_roles(self) -> None:
        """Each role reaches what names it, and what is public."""
        for role in ROLES:
            for name, allowed in RIGHTS.items():
                open_to = allowed == PUBLIC or "*token" in allowed or role in allowed
                self.assertIs(may(role, name), open_to, (role, name))

    def test_loopback(self) -> None:
        """Figures are for this machine, tokens and people; loopback opens nothing else."""
        self.assertFalse(may(None, "site.metrics"))
        for role in ROLES:
            self.assertTrue(may(role, "site.metrics"))
        opened = {name for name in RIGHTS if may(None, name, True) and not may(None, name)}
        self.assertEqual(opened, {"site.metrics"})

    def test_unknown(self) -> None:
        """A route without a row is not open: asking about it is a mistake."""
        self.assertRaises(KeyError, may, "admin", "accounts.unheard_of")
        self.assertFalse(hears("admin", "unheard_of"))

    def test_rows(self) -> None:
        """Rows name roles that exist; what admins keep is for admins alone."""
        marks = {"*", "*token", "@loopback"}
        for allowed in [*RIGHTS.values(), *EVENTS.values()]:
            self.assertLessEqual(allowed - marks, SIGNED_IN)
        for name in RIGHTS:
            words = ("user", "token", "sign_ups", "let_in", "refuse", "verify", "reveal")
            if name.startswith("accounts.") and any(word in name for word in words):
                self.assertEqual(RIGHTS[name], ADMIN)

    def test_health_roles_see_no_cameras(self) -> None:
        """Doctors and patients see neither cameras nor devices."""
        for role in ("doctor", "patient"):
            for name in RIGHTS:
                if name.split(".")[0] in ("cameras", "devices"):
                    self.assertFalse(may(role, name), (role, name))
            heard = {event for event in EVENTS if hears(role, event)}
            self.assertEqual(heard, {"reading", "alert", "cabinet", "record"})
