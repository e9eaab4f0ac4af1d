"""Every share in memory, found by its id, its patient, its doctor, or its token's hash."""

from __future__ import annotations

from collections import defaultdict
from typing import Iterable

from iotd.health.sharing.model import DOCTOR, Share


class Book:
    """All shares as the newest commits left them."""

    def __init__(self) -> None:
        self._of_patient: dict[str, dict[str, Share]] = defaultdict(dict)
        self._granted: dict[tuple[int, str], dict[str, Share]] = defaultdict(dict)
        self._by_token: dict[str, Share] = {}

    def put(self, share: Share) -> None:
        """Remember a share as it is now."""
        self._of_patient[share.patient][share.id] = share
        if share.kind == DOCTOR and share.doctor_id is not None:
            self._granted[share.doctor_id, share.patient][share.id] = share
        if share.token_hash is not None:
            self._by_token[share.token_hash] = share

    def drop(self, share: Share) -> None:
        """Forget a share."""
        self._of_patient[share.patient].pop(share.id, None)
        if share.doctor_id is not None:
            self._granted[share.doctor_id, share.patient].pop(share.id, None)
        if share.token_hash is not None:
            self._by_token.pop(share.token_hash, None)

    def drop_patient(self, patient: str) -> None:
        """Forget all that a patient shared."""
        for share in self.of_patient(patient):
            self.drop(share)
        self._of_patient.pop(patient, None)

    def of_patient(self, patient: str) -> list[Share]:
        """All that a patient shared, the newest first."""
        found = self._of_patient[patient].values() if patient in self._of_patient else ()
        return sorted(found, key=lambda share: (-share.created_at, share.id))

    def find(self, patient: str, id: str) -> Share | None:
        """One share of a patient, or None."""
        return self._of_patient[patient].get(id) if patient in self._of_patient else None

    def granted(self, doctor: int, patient: str) -> Iterable[Share]:
        """All that a patient ever granted to a doctor and that is still listed."""
        return self._granted[doctor, patient].values() if (doctor, patient) in self._granted else ()

    def by_token(self, token_hash: str) -> Share | None:
        """The link whose token has this hash, or None."""
        return self._by_token.get(token_hash)
