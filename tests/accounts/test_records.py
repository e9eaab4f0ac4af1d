"""The tables of people, on both databases."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from iotd.accounts import records
from iotd.errors import Conflict, NotFound
from tests.databases import DatabaseTest, both


class RecordsTest(DatabaseTest, SynchronousTestCase):
    """A connection, and a quick way to an account."""

    def setUp(self) -> None:
        self.db = self.connect()

    def add(self, name: str = "ann", role: str = "viewer") -> int:
        return records.add_user(self.db, name, role, "$hash", 1000.25).id


@both
class UsersTests(RecordsTest):
    def test_round_trip(self) -> None:
        """An account is read as it was written, times exactly."""
        user = records.get_user(self.db, self.add())
        self.assertEqual((user.name, user.role, user.password_hash), ("ann", "viewer", "$hash"))
        self.assertEqual((user.created_at, user.last_login_at), (1000.25, None))
        self.assertIs(user.disabled, False)

    def test_found_in_any_case(self) -> None:
        """A name is found however it is written, and only the whole name."""
        self.add("Ann")
        for name in ("ann", "ANN", "Ann"):
            self.assertEqual(records.find_user(self.db, name).name, "Ann")
        for name in ("an", "ann ", "ännn", "an%", "a_n", ""):
            self.assertIsNone(records.find_user(self.db, name))

    def test_name_taken(self) -> None:
        """A name that differs only in case is taken."""
        self.add("Ann")
        error = self.assertRaises(Conflict, self.add, "ann")
        self.assertEqual(error.field, "name")

    def test_unknown(self) -> None:
        """An id nobody has is NotFound."""
        self.assertRaises(NotFound, records.get_user, self.db, 99)

    def test_list(self) -> None:
        """All accounts come by name."""
        for name in ("cleo", "ann", "bob"):
            self.add(name)
        names = [user.name for user in records.list_users(self.db)]
        self.assertEqual(names, ["ann", "bob", "cleo"])
        self.assertEqual(records.count_users(self.db), 3)

    def test_change_and_remove(self) -> None:
        """A change gives the account as it is then; a removed one is gone."""
        user_id = self.add()
        changed = records.change_user(self.db, user_id, role="doctor", disabled=True)
        self.assertEqual((changed.role, changed.disabled), ("doctor", True))
        records.remove_user(self.db, user_id)
        self.assertEqual(records.count_users(self.db), 0)

    def test_other_admins(self) -> None:
        """Disabled admins and people of other roles don't count as another admin."""
        first = self.add("ann", "admin")
        second = self.add("bob", "admin")
        self.add("cleo", "operator")
        self.assertEqual(records.other_admins(self.db, first), 1)
        records.change_user(self.db, second, disabled=True)
        self.assertEqual(records.other_admins(self.db, first), 0)


@both
class CodesTests(RecordsTest):
    def test_step_once(self) -> None:
        """A time step is spent once, and spends all before it."""
        user_id = self.add()
        self.assertTrue(records.use_step(self.db, user_id, 7))
        for step in (7, 6):
            self.assertFalse(records.use_step(self.db, user_id, step))
        self.assertTrue(records.use_step(self.db, user_id, 8))

    def test_recovery_code_once(self) -> None:
        """A recovery code is spent once, by its own account only."""
        user_id, other = self.add(), self.add("bob")
        records.replace_recovery_codes(self.db, user_id, ["one", "two"])
        self.assertFalse(records.use_recovery_code(self.db, other, "one", 5.0))
        self.assertTrue(records.use_recovery_code(self.db, user_id, "one", 5.0))
        self.assertFalse(records.use_recovery_code(self.db, user_id, "one", 6.0))
        self.assertEqual(records.count_recovery_codes(self.db, user_id), 1)

    def test_recovery_codes_replaced(self) -> None:
        """New codes make the old ones worthless; none at all is possible too."""
        user_id = self.add()
        records.replace_recovery_codes(self.db, user_id, ["one"])
        records.replace_recovery_codes(self.db, user_id, ["two"])
        self.assertFalse(records.use_recovery_code(self.db, user_id, "one", 5.0))
        records.replace_recovery_codes(self.db, user_id, [])
        self.assertFalse(records.use_recovery_code(self.db, user_id, "two", 5.0))


@both
class AuditTests(RecordsTest):
    def test_newest_first_in_pages(self) -> None:
        """Rows come newest first, and go on after the last one seen."""
        for number in range(5):
            records.write_audit(self.db, float(number), "ann", "add user", f"u{number}")
        first = records.list_audit(self.db, 3)
        rest = records.list_audit(self.db, 3, after=first[-1]["id"])
        subjects = [row["subject"] for row in first + rest]
        self.assertEqual(subjects, ["u4", "u3", "u2", "u1", "u0"])

    def test_long_texts(self) -> None:
        """Whatever length a text has, the row is written."""
        records.write_audit(self.db, 0.0, *["é" * 5000] * 6)
        row = records.list_audit(self.db, 1)[0]
        self.assertEqual((len(row["who"]), len(row["subject"])), (64, 128))
