"""Questionnaires in both databases."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from iotd.accounts.shared import By
from iotd.errors import NotFound
from iotd.health.questionnaire import records, service
from iotd.health.records import Patient, add_patient, change_patient, forget_patient
from tests.databases import DatabaseTest, both

ANNA = Patient("p1", "Anna", "female", None, None, 1.0)


@both
class QuestionnaireRecordTests(DatabaseTest, SynchronousTestCase):
    """One row a patient."""

    def setUp(self) -> None:
        self.store = self.new_store()
        self.store.call(add_patient, ANNA)

    def merge(self, at: float = 2.0, **changes: Any) -> records.Questionnaire:
        """What is there afterwards."""
        self.store.call(service._merge, "p1", changes, By("anna", at), None, None)
        found: records.Questionnaire = self.store.call(records.find, "p1")
        return found

    def test_kept(self) -> None:
        """Any letters, and as much as one may write, come back as they were."""
        row = {"name": "மெட்ஃபோர்மின் 二甲双胍 \U0001f48a", "dose": "½"}
        long = "痛\U0001f34e" * 5000
        self.merge(medications={"list": [row] * 50}, **{id: long for id in ("sleep", "stress")})
        found = self.merge(3.5, stress=None, exercise={"moderate_days": 3})
        self.assertEqual(found.answers, {
            "medications": {"list": [row] * 50}, "sleep": long, "exercise": {"moderate_days": 3},
        })
        self.assertEqual((found.version, found.changed_at, found.changed_by), (2, 3.5, "anna"))

    def test_gone(self) -> None:
        """It goes with its patient; for one who is being removed there is none any more."""
        self.merge(sleep="Well.")
        self.store.call(change_patient, "p1", {"removed_at": 5.0})
        self.assertRaises(NotFound, self.merge, sleep="x")
        self.store.call(forget_patient, "p1")
        self.assertEqual(self.store.call(records.find, "p1").version, 0)
        self.assertRaises(NotFound, self.merge, sleep="x")
