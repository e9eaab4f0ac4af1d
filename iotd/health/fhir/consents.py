"""Who was let in, as Consents; who looked or changed something, as AuditEvents.

No token and no passcode is in a Consent: with it goes what was agreed, not what opens it.
"""

from __future__ import annotations

from typing import Any, Mapping

from iotd.health.fhir.bundle import Bundle, words
from iotd.health.fhir.codes import (
    ACT, CONSENT_ACTION, CONSENT_DOCUMENT, DICOM, LOINC, PARTICIPATION, SCOPE, coding, concept,
)
from iotd.times import rfc3339

MOST_EVENTS = 1000  # the newest
SOURCE = "iotd"

_ACTIONS = {
    "add": "C", "make": "C", "change": "U", "correct": "U", "remove": "D", "revoke": "D",
    "view": "R", "list": "R", "hear": "R", "export": "R", "open": "R",
}


def add_consent(bundle: Bundle, share: Mapping[str, Any]) -> None:
    """A grant or a link, as the list of shares shows it."""
    bundle.add("Consent", f"share/{share['id']}", {
        "status": "active" if share["state"] == "open" else "inactive",
        "scope": concept(coding(SCOPE, "patient-privacy", "Privacy Consent")),
        "category": [concept(coding(LOINC, CONSENT_DOCUMENT))],
        "patient": bundle.me, "dateTime": share.get("created_at"), "performer": [bundle.me],
        "policyRule": concept(coding(ACT, "OPTIN")),
        "provision": {
            "type": "permit",
            "period": {"start": share.get("created_at"), "end": share.get("expires_at")},
            "actor": [{
                "role": concept(coding(PARTICIPATION, "IRCP", "information recipient")),
                "reference": {"display": _recipient(share)},
            }],
            "action": [concept(coding(CONSENT_ACTION, "access", "Access"))],
            "code": [{"text": section} for section in share["sections"]],
        },
    })


def _recipient(share: Mapping[str, Any]) -> str:
    if share.get("doctor"):
        return words(share.get("doctor_name")) or str(share["doctor"])
    label = words(share.get("label"))
    return f"Whoever has the link {label}" if label else "Whoever has the link"


def add_event(bundle: Bundle, row: Mapping[str, Any]) -> None:
    """A row of the audit, as it is stored."""
    failed = row["result"] != "ok"
    bundle.add("AuditEvent", f"audit/{row['id']}", {
        "type": coding(DICOM, "110110", "Patient Record"),
        "subtype": [{"display": row["action"]}],
        "action": _ACTIONS.get(row["action"].partition(" ")[0], "E"),
        "recorded": rfc3339(row["at"]),
        "outcome": "4" if failed else "0", "outcomeDesc": row["result"] if failed else None,
        "agent": [{"who": {"display": row["who"]}, "requestor": True}],
        "source": {"observer": {"display": SOURCE}},
        "entity": [{"what": bundle.me, "description": row["detail"]}],
    })
