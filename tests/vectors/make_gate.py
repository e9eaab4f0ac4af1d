"""Writes gate.json: ``python -m tests.vectors.make_gate``.

What is expected is stated by hand in gate_cases.py, from the protocol, and never asked of the
parser. Run it again only to add cases: firmware tests read the file too.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.vectors import gate_cases as cases

PATH = Path(__file__).with_name("gate.json")

FORMAT = {
    "what": "Messages of gates over MQTT, byte by byte, for tests of the daemon and of firmware.",
    "name": "unique, words joined by -",
    "about": "one sentence: what must hold",
    "payload": "the message as text; payload_hex: the same in hex where it is no text",
    "seen": "what the daemon understands of iotd/gate/<id>/seen: for each message"
    " [boot, seq, ts, direction, [[mac, rssi], ...]]; direction 0 is entry, 1 is exit",
    "badge": "of iotd/gate/<id>/badge: for each message [boot, seq, ts, direction, uid, method]",
    "text": "of the field topic: [direction, [[mac, rssi], ...]]",
    "faults": "for each fault words that its reason contains, in order",
    "malformed": "words that the reason contains for which nothing of it is read",
    "written": "true: firmware writes exactly these bytes for what is understood",
    "replay": "a request to a gate: [boot, first, last]",
}


def all_cases() -> dict[str, list[dict[str, object]]]:
    """By kind, in the order of the file."""
    kinds = {
        "seen": cases.SEEN, "badge": cases.BADGES, "text": cases.TEXTS, "replay": cases.REPLAYS,
    }
    return {kind: [_named(case) for case in listed] for kind, listed in kinds.items()}


def _named(case: cases.Case) -> dict[str, object]:
    name, _, about = case["about"].partition(": ")
    return {"name": name, **case, "about": about}


def main() -> None:
    """Write the file, one case a line."""
    parts = [f' "format": {json.dumps(FORMAT, indent=2)}']
    for kind, listed in all_cases().items():
        lines = ",\n".join("  " + json.dumps(one) for one in listed)
        parts.append(f' "{kind}": [\n{lines}\n ]')
    PATH.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="ascii")


if __name__ == "__main__":
    main()
