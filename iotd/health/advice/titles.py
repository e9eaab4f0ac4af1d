"""The nine sections of advice: alone, for whoever only needs their names."""

from __future__ import annotations

#: Keys in the order of the letters a to i of the device wire, and what people call them.
SECTIONS: dict[str, str] = {
    "cardiovascular": "Heart and vessels", "glucose": "Glucose", "diet": "Diet",
    "exercise": "Exercise", "mental": "Mental health", "respiratory": "Breathing",
    "digestive": "Digestion", "bone": "Bones", "immunizations": "Vaccinations",
}
