"""Rules of names, addresses and numbers of people."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.accounts.profile_model import (
    check_asked_name, check_email, check_full_name, check_national_id, email_key, same_name,
)
from iotd.errors import Invalid

GOOD = ("ann@example.org", "Ann.O'Neil+iotd@mail.example.co", "root@localhost",
        "x" * 64 + "@example.org", "a!#$%&'*+/=?^_`{|}~-b@xn--bcher-kva.example")
BAD = ("", "ann", "ann@", "@example.org", "ann@@example.org", "ann@example..org", "ann@-x.org",
       "ann b@example.org", "ann@exam ple.org", "ann@example.org\n", "a@b.c\r\nBcc: x@y.z",
       "ann@example.org, bob@example.org", "<ann@example.org>", "änn@example.org",
       "ann@bücher.example", "x" * 65 + "@example.org", "a@" + "x." * 130 + "org",
       "ann@example.org\x00", "ann\u2028@example.org", "<script>@example.org" * 10_000)


class EmailTests(SynchronousTestCase):
    def test_taken(self) -> None:
        """Addresses that people have are taken as they are written."""
        for email in GOOD:
            self.assertEqual(check_email(email), email)

    def test_refused(self) -> None:
        """What is none is refused, and its field named: no line ends, no lists, no long ones."""
        for email in BAD:
            with self.assertRaises(Invalid) as caught:
                check_email(email)
            self.assertEqual(caught.exception.field, "email")

    @given(st.text(max_size=300))
    @example("a@b\r\nBcc: c@d")
    def test_no_header_of_a_mail(self, text: str) -> None:
        """Whatever is taken is one line of ASCII with one @ and no room for another header."""
        try:
            email = check_email(text)
        except Invalid:
            return
        self.assertTrue(email.isascii() and email.isprintable() and " " not in email)
        self.assertEqual(email.count("@"), 1)

    def test_same(self) -> None:
        """Case tells no two addresses apart."""
        self.assertEqual(email_key("Ann@Example.ORG"), email_key("ann@example.org"))


class NameTests(SynchronousTestCase):
    def test_any_script(self) -> None:
        """Names of any script are taken, with single spaces."""
        for name in ("Ann O'Neil", "李小龍", "அன்பு", "محمد علي", "Nur Aisyah binti Ahmad",
                     "علی\u200cرضا"):
            self.assertEqual(check_full_name(name), name)
        self.assertEqual(check_full_name("  Ann \t O'Neil "), "Ann O'Neil")

    def test_refused(self) -> None:
        """Empty, long and invisible ones are not."""
        for name in ("", " \n ", "x" * 101, "a\u202eb", "a\x00b", "\u200b", "x" * 200_000):
            self.assertRaises(Invalid, check_full_name, name)

    def test_same(self) -> None:
        """Case, spaces and how letters are put together don't count."""
        self.assertTrue(same_name("Zoë  Müller", "ZOE\u0308 MU\u0308LLER "))
        self.assertFalse(same_name("Zoë", "Zoe"))

    @given(st.text(max_size=120))
    def test_checked_twice(self, text: str) -> None:
        """A name that was taken is taken again as it is, and is one line."""
        try:
            name = check_full_name(text)
        except Invalid:
            return
        self.assertEqual(check_full_name(name), name)
        self.assertEqual(len(name.splitlines()), 1)

    def test_no_address_as_name(self) -> None:
        """Nobody takes somebody's address as user name."""
        self.assertRaises(Invalid, check_asked_name, "ann@example.org")


class NationalIdTests(SynchronousTestCase):
    def test_taken(self) -> None:
        """As printed on papers of many countries."""
        for text in ("850101-14-5678", "AB 1234567", "12.345.678/9", "S1234567D"):
            self.assertEqual(check_national_id(f" {text} "), text)

    def test_refused(self) -> None:
        """What is none is named by its field and not repeated in the words."""
        for text in ("", "12", "x" * 41, "<script>", "1234;5678", "12\u202e34"):
            with self.assertRaises(Invalid) as caught:
                check_national_id(text)
            self.assertEqual(caught.exception.field, "national_id")
