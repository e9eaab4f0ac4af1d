"""Advice and notes in both databases."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from iotd.accounts.shared import By
from iotd.errors import Conflict, NotFound
from iotd.health.advice import note_records, notes, records, saving
from iotd.health.advice.model import MOST_TEXT, Author, open_drafts
from iotd.health.records import Patient, add_patient, change_patient, forget_patient
from tests.databases import DatabaseTest, both

DORA, EMIL = Author("user:7", "Dr. Dora Díaz 医生"), Author("user:8", "Emil " + "x" * 200)
ALL = ("draft", "kept")


class RecordCase(DatabaseTest, SynchronousTestCase):
    """Two patients."""

    def setUp(self) -> None:
        self.store = self.new_store()
        for id in ("p1", "p2"):
            self.store.call(add_patient, Patient(id, id, "female", None, None, 1.0))

    def remove(self) -> None:
        """The first patient is removed, with a while in between."""
        self.store.call(change_patient, "p1", {"removed_at": 5.0})


@both
class AdviceRecordTests(RecordCase):
    """Versions."""

    def save(
        self, author: Author, texts: dict[str, str | None], draft: bool = False,
        base: dict[str, int | None] | None = None, at: float = 2.0, patient: str = "p1",
    ) -> saving.Saved:
        """Saved in one transaction."""
        saved: saving.Saved = self.store.call(
            saving.save, patient, texts, base or {}, draft, author, By("x", at)
        )
        return saved

    def history(self, author: str | None = None) -> list[tuple[str, str]]:
        """Text and state, the newest first."""
        found = self.store.call(records.history, "p1", None, author, ALL, 100, None)
        return [(each.text, each.state) for each in found]

    def test_kept(self) -> None:
        """Any letters, and as much as one may write, come back as they were, each section's
        newest holds, and another patient's are others."""
        long = "痛\U0001f34e" * (MOST_TEXT // 2)
        self.save(DORA, {"diet": "old", "bone": long})
        self.save(EMIL, {"diet": "new"}, at=3.0)
        self.save(EMIL, {"diet": "other"}, patient="p2")
        found = self.store.call(records.published, "p1")
        self.assertEqual({key: each.text for key, each in found.items()},
                         {"diet": "new", "bone": long})
        self.assertEqual((found["bone"].author_name, found["diet"].at), (DORA.name, 3.0))
        self.assertEqual(found["diet"].base, self.store.call(
            records.history, "p1", "diet", None, ALL, 2, None)[1].id)

    def test_drafts(self) -> None:
        """Each author has drafts of their own; the newest says whether there is one."""
        self.save(DORA, {"diet": "d1", "bone": "d2"}, draft=True)
        self.save(EMIL, {"diet": "e1"}, draft=True)
        self.save(DORA, {"diet": None}, draft=True)
        newest = self.store.call(records.newest_of_authors, "p1", DORA.key)
        self.assertEqual(set(open_drafts(newest, DORA.key)), {"bone"})
        newest = self.store.call(records.newest_of_authors, "p1")
        self.assertEqual({key: each.text for key, each in open_drafts(newest, "user:1").items()},
                         {"diet": "e1", "bone": "d2"})
        self.assertEqual(self.history(EMIL.key), [("e1", "draft")])

    def test_conflict(self) -> None:
        """Who had read an older version publishes nothing, and loses nothing."""
        self.save(EMIL, {"diet": "e"})
        saved = self.save(DORA, {"diet": "d"}, base={"diet": None})
        self.assertEqual((saved.conflict, saved.published), (["diet"], ()))
        self.assertEqual(self.history(), [("d", "kept"), ("e", "published")])

    def test_most(self) -> None:
        """There is an end to versions, told with the section."""
        self.patch(saving, "MOST_VERSIONS", 2)
        self.save(DORA, {"diet": "1"}), self.save(DORA, {"diet": "2"})
        error = self.assertRaises(Conflict, self.save, DORA, {"bone": "1", "diet": "3"})
        self.assertEqual(error.field, "diet")
        self.assertEqual(len(self.history()), 2)

    def test_gone(self) -> None:
        """All versions go with the patient, and none comes after."""
        self.save(DORA, {"diet": "d"}), self.save(DORA, {"bone": "d"}, draft=True)
        self.remove()
        self.assertRaises(NotFound, self.save, DORA, {"diet": "late"})
        self.store.call(forget_patient, "p1")
        self.assertEqual(self.history(), [])


@both
class NoteRecordTests(RecordCase):
    """Notes and their versions."""

    def save(self, text: str, id: int | None = None, at: float = 2.0) -> Any:
        """The note as it is then."""
        return self.store.call(notes._save, "p1", id, text, DORA, By("dora", at))

    def test_versions(self) -> None:
        """A note has its first place and its last text; pages go on behind an id."""
        first, second = self.save("one"), self.save("two")
        self.save("ONE", first.id, 3.0), self.save("One \U0001f34e", first.id, 4.0)
        found = self.store.call(note_records.list_notes, "p1", 10, None)
        self.assertEqual(
            [(each.id, each.text, each.at, each.changed_at, each.versions) for each in found],
            [(second.id, "two", 2.0, 2.0, 1), (first.id, "One \U0001f34e", 2.0, 4.0, 3)],
        )
        more = self.store.call(note_records.list_notes, "p1", 10, second.id)
        self.assertEqual([each.id for each in more], [first.id])
        texts = self.store.call(note_records.list_versions, "p1", first.id, 2, None)
        self.assertEqual([each.text for each in texts], ["One \U0001f34e", "ONE"])
        self.assertIsNone(self.store.call(note_records.find, "p2", first.id))

    def test_gone(self) -> None:
        """They go with the patient, and none comes after."""
        self.save("one")
        self.remove()
        self.assertRaises(NotFound, self.save, "late")
        self.store.call(forget_patient, "p1")
        self.assertEqual(self.store.call(note_records.list_notes, "p1", 10, None), [])
