"""Codes of telephones and recovery codes."""

from __future__ import annotations

import pyotp
from twisted.trial.unittest import SynchronousTestCase

from iotd.accounts import second_factor

# RFC 6238, appendix B: SHA-1, the last six digits
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
VECTORS = [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]


class CodesTests(SynchronousTestCase):
    def test_rfc_vectors(self) -> None:
        """Codes are those of RFC 6238, and give the step they belong to."""
        for now, code in VECTORS:
            self.assertEqual(second_factor.step_of(SEED, code, now), now // 30)

    def test_window(self) -> None:
        """A code is good for its own half minute and the ones beside it, no longer."""
        code = pyotp.TOTP(SEED).at(3000)
        found = [
            now for now in range(2900, 3121, 10)
            if second_factor.step_of(SEED, code, now) is not None
        ]
        self.assertEqual((found[0], found[-1]), (2970, 3050))

    def test_spaces(self) -> None:
        """Telephones show codes in two groups, so a space in them is no mistake."""
        self.assertEqual(second_factor.step_of(SEED, "287 082", 59), 1)

    def test_not_codes(self) -> None:
        """Empty, partial, longer and non-ASCII digits are no codes."""
        for code in ("", "28708", "2870820", "２８７０８２", "287082\n", "-87082", "0x1234"):
            self.assertIsNone(second_factor.step_of(SEED, code, 59), code)

    def test_enrolment(self) -> None:
        """What a telephone needs names site and account; the picture runs no script."""
        shown = second_factor.enrolment(SEED, "ann", "Ward 3").as_json()
        self.assertEqual(
            shown["otpauth_uri"], f"otpauth://totp/Ward%203:ann?secret={SEED}&issuer=Ward%203"
        )
        self.assertTrue(shown["qr_svg"].startswith("data:image/svg+xml"))
        self.assertNotIn("script", shown["qr_svg"])
        self.assertEqual(shown["secret"], SEED)


class RecoveryCodesTests(SynchronousTestCase):
    def test_ten_different(self) -> None:
        """There are ten codes, none equal to another."""
        self.assertEqual(len(set(second_factor.new_recovery_codes())), 10)

    def test_spelling(self) -> None:
        """Case, dashes and spaces don't matter; whose code it is does."""
        stored = second_factor.hash_recovery_code(1, "abcd-efgh-jkmn-pqrs")
        self.assertEqual(stored, second_factor.hash_recovery_code(1, " ABCD efgh jkmnpqrs"))
        self.assertNotEqual(stored, second_factor.hash_recovery_code(2, "abcd-efgh-jkmn-pqrs"))
        self.assertEqual(len(stored), 64)
