"""A Bundle while it is filled: ids that stay, references inside it, text that FHIR may hold.

It is of type ``collection``: what the record holds, side by side. A ``document``
needs a Composition with an author who answers for the whole, and there is none.

An id is made of the patient, the kind and the key of what it stands for, so
that the same content is the same bytes whenever it is asked for, and a receiver
can tell that it knows a resource already.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from iotd.times import rfc3339

NAMESPACE = uuid.UUID("3d0a0f56-9a4c-5b0e-8d0f-6a1f0f0b7c11")  # of ours alone, made once

# control characters, and halves of characters that UTF-8 has no bytes for
_UNSAYABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SPACES = re.compile("[^\\S \t\r\n]")  # others than these are none to FHIR's string


def words(text: Any) -> str | None:
    """Text of people as a FHIR string; None when nothing is left of it."""
    if text is None:
        return None
    return _SPACES.sub(" ", _UNSAYABLE.sub("", str(text))).strip() or None


def pruned(value: Any) -> Any:
    """The same without what is empty: FHIR knows no empty strings, lists or objects."""
    if isinstance(value, dict):
        inner = {name: pruned(each) for name, each in value.items()}
        return {name: each for name, each in inner.items() if each is not None} or None
    if isinstance(value, (list, tuple)):
        return [each for each in map(pruned, value) if each is not None] or None
    return words(value) if isinstance(value, str) else value


class Bundle:
    """Resources about one patient; ``owner`` is whom the patient belongs to, mostly themselves."""

    def __init__(self, patient: str, owner: str | None = None) -> None:
        self._patient, self.owner = patient, owner
        self._entries: dict[str, dict[str, Any]] = {}

    def url_of(self, kind: str, key: Any) -> str:
        """What a resource is called, whether it is in here yet or not."""
        return f"urn:uuid:{uuid.uuid5(NAMESPACE, f'{self._patient}/{kind}/{key}')}"

    def refer(self, kind: str, key: Any, display: str | None = None) -> dict[str, Any]:
        """A Reference to it."""
        return {"reference": self.url_of(kind, key), "type": kind, "display": display}

    def add(self, kind: str, key: Any, resource: dict[str, Any]) -> dict[str, Any]:
        """Take a resource in, once; a Reference to it."""
        url = self.url_of(kind, key)
        if url not in self._entries:
            head = {"resourceType": kind, "id": url.removeprefix("urn:uuid:")}
            self._entries[url] = {"fullUrl": url, "resource": pruned({**head, **resource})}
        return self.refer(kind, key)

    @property
    def me(self) -> dict[str, Any]:
        """A Reference to whom it is all about."""
        return self.refer("Patient", self._patient)

    def as_json(self, now: float) -> dict[str, Any]:
        """The whole Bundle."""
        return {
            "resourceType": "Bundle", "type": "collection", "timestamp": rfc3339(now),
            "entry": list(self._entries.values()),
        }
