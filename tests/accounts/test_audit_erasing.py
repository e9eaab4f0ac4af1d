"""Names leave the audit, what was done stays, and the chain holds."""

from __future__ import annotations

from typing import Any

from iotd.accounts import audit_erasing, audit_records as records
from iotd.accounts.audit_chain import ERASE, ERASED
from iotd.accounts.audit_erasing import erase_account
from iotd.accounts.shared import By
from tests.accounts.audit_room import BY, NOW, AuditTest, fill, rows_of
from tests.databases import both


@both
class ErasingTests(AuditTest):
    """Rows with ann in each place, and in none."""

    def write(self, who: str, subject: str, detail: str = "", action: str = "x") -> None:
        """A row."""
        records.write_audit(self.db, NOW, who, action, subject, detail, "10.1.1.1", patient="p")

    def told(self) -> list[tuple[Any, ...]]:
        """What rows say."""
        return [(row.who, row.subject, row.detail, row.address) for row in rows_of(self.db)]

    def test_everywhere(self) -> None:
        """Who, subject and detail lose the name, and the row the address it came from; others'
        names that hold it stay."""
        self.write("Ann", "p", "labs")
        self.write("bob", "ann", "role admin")
        self.write("bob", "p", "doctor ann: labs, ann")
        self.write("anna", "p", "doctor ann.b, anna, ann@x.org, x-ann")
        self.assertEqual(erase_account(self.db, BY, "ann"), 3)
        self.assertEqual(self.told(), [
            (ERASED, "p", "labs", ""),
            ("bob", ERASED, "role admin", "10.1.1.1"),
            ("bob", "p", f"doctor {ERASED}: labs, {ERASED}", "10.1.1.1"),
            ("anna", "p", "doctor ann.b, anna, ann@x.org, x-ann", "10.1.1.1"),
            ("root", "audit", "rows 1-3", "10.0.0.9"),
        ])
        self.must_be_whole(5)
        self.assertEqual([row.patient for row in rows_of(self.db)][:4], ["p"] * 4)

    def test_signs(self) -> None:
        """A name with signs that mean something elsewhere is but a name."""
        for name in ("a.b", "a_b", "a@b.org", "a-b"):
            self.write(name, "p", f"doctor {name}.")
            self.write("axb", "p", "doctor axb")
            self.assertEqual(erase_account(self.db, BY, name), 1)
        self.assertEqual(sum(row.erased for row in rows_of(self.db)), 4)
        self.assertIn((ERASED, "p", f"doctor {ERASED}.", ""), self.told())
        self.must_be_whole(12)

    def test_by_oneself(self) -> None:
        """Who erases their own account is not named by that."""
        self.write("ann", "ann", "role patient", "remove user")
        erase_account(self.db, By("ann", NOW, "10.0.0.5"), "ann")
        self.assertEqual(self.told()[1:], [(ERASED, "audit", "rows 1", "")])
        self.must_be_whole(2)

    def test_again(self) -> None:
        """One after another, then the one who erased them, and names that look like ids."""
        fill(self.db)
        for name in ("ann", "bob", "ann", "cleo", "dr.dee", "root", "rows", "1", "5"):
            erase_account(self.db, BY, name)
            self.assertNotIn(name, {row.who for row in rows_of(self.db)} - {"root"})
        self.assertEqual(self.said(), [])
        self.assertEqual({row.who for row in rows_of(self.db)[:24]}, {ERASED})

    def test_nobody(self) -> None:
        """Who is not in it leaves no row, either."""
        fill(self.db, 5)
        self.assertEqual(erase_account(self.db, BY, "zoe"), 0)
        self.assertEqual(erase_account(self.db, BY), 0)
        self.must_be_whole(5)

    def test_many(self) -> None:
        """Rows that don't fit into one row's detail are told in several."""
        self.patch(audit_erasing, "CHUNK", 40)
        for number in range(1200):
            self.write("ann" if number % 2 else "bob", "p")
        self.assertEqual(erase_account(self.db, BY, "ann"), 600)
        told = [row.detail for row in rows_of(self.db) if row.action == ERASE]
        self.assertEqual(len(told), 2)
        self.must_be_whole(1202)

    def test_undone(self) -> None:
        """An erasure that is undone is none."""
        fill(self.db, 9)
        before = rows_of(self.db)
        with self.db.begin_nested() as undone:
            erase_account(self.db, BY, "ann")
            undone.rollback()
        self.assertEqual(rows_of(self.db), before)
        self.must_be_whole(9)
