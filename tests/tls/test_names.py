"""Names in certificates: what is taken, in which spelling, what is refused in which words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Invalid
from iotd.tls.hosts import own_names
from iotd.tls.issuing import names_of, new_authority, new_web
from iotd.tls.names import checked, fitting, is_address, unique
from tests.tls.room import START

TAKEN = {
    "iotd": "iotd", "IOTD.Home.ARPA.": "iotd.home.arpa", " box ": "box", "a-b.c1": "a-b.c1",
    "192.168.1.5": "192.168.1.5", "[fd00::0:2]": "fd00::2", "2001:DB8::1": "2001:db8::1",
    "bücher.example": "xn--bcher-kva.example", "xn--bcher-kva.example": "xn--bcher-kva.example",
}
REFUSED = (
    "", ".", "a b", "-a", "a-", "a..b", "a_b", "1.2.3", "1.2.3.4.5", "256.1.1.1", "fe80::1%eth0",
    "host:8443", "https://host/", "*.home.arpa", "a" * 64, "a." * 127 + "a", "a\nb", "a\0b",
    "ex\u202eample", "\ud800", "''", "<script>", "a" * 10_000,
)
AUTHORITY = new_authority("house", START)


class NamesTests(SynchronousTestCase):
    """One name, and many."""

    def test_taken(self) -> None:
        """Names and addresses are kept as a browser compares them."""
        for text, name in TAKEN.items():
            self.assertEqual(checked(text), name)

    def test_refused(self) -> None:
        """Rubbish is refused in one short sentence that shows no control character."""
        for text in REFUSED:
            said = str(self.assertRaises(Invalid, checked, text))
            self.assertTrue(len(said) < 200 and said.isprintable(), said)

    @given(st.text(max_size=80) | st.ip_addresses().map(str))
    def test_any_text(self, text: str) -> None:
        """What is taken stays as it is when it is read again, and stands in a certificate."""
        try:
            name = checked(text)
        except Invalid:
            return
        self.assertEqual(checked(name), name)
        made = new_web(AUTHORITY, [name], START)
        self.assertEqual(names_of(made.certificate), (name,))
        self.assertEqual(is_address(name), ":" in name or name.replace(".", "").isdigit())

    def test_hundred(self) -> None:
        """A hundred names go into one certificate, one more is refused."""
        names = [f"host-{each}.example" for each in range(100)]
        self.assertEqual(names_of(new_web(AUTHORITY, unique(names), START).certificate),
                         tuple(names))
        self.assertEqual(len(unique([*names, names[0]])), 100)
        self.assertIn("100 at most", str(self.assertRaises(Invalid, unique, [*names, "more"])))

    def test_fitting(self) -> None:
        """What a machine calls itself and no certificate can hold is left out."""
        self.assertEqual(fitting(["a_b", "Box", "box", "fe80::1%eth0"]), ("box",))

    def test_own_names(self) -> None:
        """This host is localhost, and none of its names is refused or there twice."""
        names = own_names()
        self.assertEqual(names[:3], ("localhost", "127.0.0.1", "::1"))
        self.assertEqual(unique(map(checked, names)), names)
