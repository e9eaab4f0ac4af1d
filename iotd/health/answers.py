"""What a board on the device wire is told when it asks: the newest report, and advice."""

from __future__ import annotations

from iotd.wire.words import ADVICE_PREFIX, REPORT, REPORT_PREFIX

LAB_KEYS = (
    "total_cholesterol", "triglyceride", "hdl_c", "ldl", "chol_hdl", "bilirubin", "alt", "ast",
    "alp", "glucose", "protein", "albumin", "creatinine", "potassium", "egfr", "hba1c",
)


async def answers(device: str, what: str) -> str:
    """The text for a request of a device: ``rep``, or a letter from a to i.

    There are no reports and no advice yet: every value is missing, as the wire
    says it (15 commas between 16 values), and advice is its prefix alone.
    """
    if what == REPORT:
        return REPORT_PREFIX + "," * (len(LAB_KEYS) - 1)
    return ADVICE_PREFIX[what]
