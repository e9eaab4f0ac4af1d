"""A demonstration's two patients and their doctor: half a year of what they wrote and measured.

Nobody is meant: the people are made up, and their values are those of textbooks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping

LABORATORY = "Meyer & Yilmaz laboratory"
DOCTOR, DOCTOR_NAME, DOCTOR_MAIL = "D-1042", "Dr Mei Tan", "mei.tan@example.org"

Results = Mapping[str, tuple[float, str]]


@dataclass(frozen=True)
class Doing:
    """A habit: what it is, and how often it is done: at first, and by now, from 0 to 1."""

    habit: Mapping[str, Any]
    at_first: float
    by_now: float
    value: float | None = None


@dataclass(frozen=True)
class Story:
    """One patient: account, laboratory results by days ago, answers, advice by days ago, notes
    by days ago (True: of the doctor), habits, and what the doctor sees."""

    user: str
    email: str
    labs: Mapping[int, Results]
    answers: Mapping[str, Any]
    advice: Mapping[int, Mapping[str, str]]
    notes: tuple[tuple[int, bool, str], ...]
    habits: tuple[Doing, ...]
    granted: tuple[str, ...]
    link: tuple[str, ...] = ()


def _blood(**values: float) -> dict[str, tuple[float, str]]:
    """Results in the units of most laboratories of Europe and Asia."""
    units = {
        "alt": "U/L", "ast": "U/L", "alp": "U/L", "bilirubin": "umol/L", "creatinine": "umol/L",
        "protein": "g/L", "albumin": "g/L", "hba1c": "%",
    }
    return {key: (value, units.get(key, "mmol/L")) for key, value in values.items()}


ADA = Story(
    user="ada", email="ada@example.org",
    labs={
        176: _blood(
            total_cholesterol=6.1, triglyceride=2.1, hdl_c=1.2, ldl=3.9, bilirubin=9, alt=31,
            ast=27, alp=88, glucose=6.4, protein=71, albumin=42, creatinine=78, potassium=4.3,
            hba1c=6.2,
        ),
        92: _blood(
            total_cholesterol=5.4, triglyceride=1.7, hdl_c=1.3, ldl=3.2, bilirubin=8, alt=28,
            ast=25, alp=84, glucose=5.9, protein=70, albumin=41, creatinine=80, potassium=4.5,
            hba1c=5.9,
        ),
        11: _blood(
            total_cholesterol=4.9, triglyceride=1.4, hdl_c=1.5, ldl=2.7, bilirubin=10, alt=24,
            ast=23, alp=81, glucose=5.4, protein=72, albumin=43, creatinine=76, potassium=4.2,
            hba1c=5.6,
        ),
    },
    answers={
        "medications": {"any": True, "list": [
            {"name": "Amlodipine", "dose": "5 mg", "how_often": "in the morning",
             "since": "2021", "what_for": "blood pressure"},
            {"name": "Atorvastatin", "dose": "20 mg", "how_often": "in the evening",
             "what_for": "cholesterol"},
        ]},
        "immunizations": {"list": [
            {"vaccine": "Influenza", "date": "2025-10"}, {"vaccine": "Tetanus", "date": "2019"},
            {"vaccine": "Pneumococci", "date": "2022"},
        ]},
        "social_history": {"living": "partner", "occupation": "Teacher, retired",
                           "help_at_hand": True, "needs_help": "none"},
        "sleep": {"hours": 7, "minutes_to_fall_asleep": 20, "wakes": 1,
                  "quality": "fairly_good", "rested": True, "snores": "no"},
        "exercise": {"moderate_days": 5, "moderate_minutes": 40, "kinds": "Walking, gardening"},
        "stress": {"level": 3, "in_the_way": "rarely", "talks": True},
        "alcohol": {"frequency": "1", "amount": "0", "six_or_more": "0"},
        "tobacco": {"status": "former", "cigarettes_per_day": 10, "years": 12,
                    "stopped": "1985"},
        "screen_time": {"workday_hours": 2, "free_day_hours": 3, "before_bed": True},
    },
    advice={
        170: {
            "cardiovascular": "Your blood pressure is well treated; your cholesterol is too high "
                              "for your age. We try food and walking for three months first.",
            "diet": "Less butter and cream, more oats, beans and vegetables. Nuts are fine, "
                    "a handful a day.",
            "exercise": "A brisk walk of half an hour on five days a week.",
        },
        88: {
            "glucose": "Your long-term sugar (HbA1c) fell from 6.2 to 5.9 %. That is still above "
                       "the usual; go on as you do.",
            "cardiovascular": "Better, but not yet enough: please begin with atorvastatin 20 mg "
                              "in the evening. Tell me of any pain in your muscles.",
        },
        9: {
            "cardiovascular": "Very good: total cholesterol 4.9, LDL 2.7. Keep taking "
                              "atorvastatin; the next test is in half a year.",
            "glucose": "HbA1c is 5.6 % now, as it should be.",
            "immunizations": "Influenza is due again this autumn.",
            "bone": "Calcium from food is enough; go out into the light each day.",
        },
    },
    notes=(
        (150, False, "Walked to the lake and back today, 50 minutes."),
        (87, True, "On the telephone: feels well, no pain, sleeps better."),
        (8, True, "Next appointment in May. Please bring the cuff along."),
    ),
    habits=(
        Doing({"ready": "water"}, 0.45, 0.8, 2.0),
        Doing({"ready": "medicine", "remind_at": "08:00"}, 0.93, 0.98),
        Doing({"ready": "sleep"}, 0.6, 0.75, 7.0),
        Doing({"name": "Walk to the lake", "per": "week", "times": 5}, 0.5, 0.75),
    ),
    granted=("readings", "labs", "advice", "questionnaire", "notes", "habits"),
    link=("readings", "labs"),
)

BO = Story(
    user="bo", email="bo@example.org",
    labs={
        140: _blood(
            total_cholesterol=5.0, triglyceride=1.5, hdl_c=1.1, ldl=3.0, alt=44, ast=38,
            glucose=7.6, creatinine=104, potassium=4.8, hba1c=7.4,
        ),
        28: _blood(
            total_cholesterol=4.7, triglyceride=1.3, hdl_c=1.2, ldl=2.8, bilirubin=12, alt=36,
            ast=33, alp=92, glucose=6.8, protein=68, albumin=40, creatinine=110, potassium=5.1,
            hba1c=6.9,
        ),
    },
    answers={
        "medications": {"any": True, "list": [
            {"name": "Metformin", "dose": "850 mg", "how_often": "twice a day",
             "what_for": "diabetes"},
        ]},
        "sleep": {"hours": 6, "quality": "fairly_bad", "snores": "yes"},
        "tobacco": {"status": "now", "cigarettes_per_day": 8, "years": 40},
        "exercise": {"moderate_days": 2, "moderate_minutes": 30, "kinds": "Cycling"},
    },
    advice={
        135: {
            "glucose": "Type 2 diabetes, found early: metformin twice a day, with meals.",
            "respiratory": "Please stop smoking; I can help, with tablets if you like.",
        },
        25: {
            "glucose": "HbA1c 6.9 %: below 7 as we agreed. Go on.",
            "diet": "Potassium is a little high: fewer bananas and dried fruit until the next "
                    "test, in six weeks.",
        },
    },
    notes=((24, True, "Kidneys: eGFR to be looked at again in six weeks."),),
    habits=(
        Doing({"ready": "medicine", "remind_at": "07:30"}, 0.8, 0.92),
        Doing({"ready": "exercise"}, 0.2, 0.55, 30.0),
    ),
    granted=("labs", "advice", "questionnaire"),
)
