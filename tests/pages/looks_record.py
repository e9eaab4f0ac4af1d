"""A patient's record with something on every page of it, for people to look at."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Callable

import pyotp

from tests.pages.house import PASSWORD, House

Pages = dict[str, str]
SECTIONS = ("readings", "labs", "advice", "questionnaire", "notes", "habits")
FIRST: dict[str, tuple[Any, str]] = {
    "total_cholesterol": (6.4, "mmol/L"), "triglyceride": (2.1, "mmol/L"),
    "hdl_c": (1.1, "mmol/L"), "ldl": (4.1, "mmol/L"), "bilirubin": ("<3", "umol/L"),
    "alt": (34, "U/L"), "ast": (28, "U/L"), "alp": (77, "U/L"), "glucose": (126, "mg/dL"),
    "protein": (71, "g/L"), "albumin": (43, "g/L"), "creatinine": (92, "umol/L"),
    "potassium": (4.1, "mmol/L"), "hba1c": (7.2, "%"),
}
ANSWERS = {
    "medications": {"any": True, "list": [
        {"name": "Metformin", "dose": "500 mg", "how_often": "twice a day", "since": "2021"},
        {"name": "Ramipril", "dose": "5 mg", "what_for": "Blood pressure"},
    ]},
    "social_history": {"living": "partner", "occupation": "Programmer, now retired"},
    "sleep": {"hours": 6.5, "wakes": 2, "quality": "fairly_good", "rested": False},
    "exercise": {"moderate_days": 3, "moderate_minutes": 30, "kinds": "Walks, swims"},
    "stress": "The stairs, and the neighbour's drums.",
    "alcohol": {"frequency": "2", "amount": "0", "six_or_more": "0"},
    "tobacco": {"status": "former", "cigarettes_per_day": 10, "years": 20, "stopped": "1990"},
}
ADVICE = {
    "cardiovascular": "Measure in the morning and in the evening, sitting, after five minutes.\n"
                      "Above 180/110 twice within a minute: call us.",
    "diet": "Less salt: bread and cheese hold most of it. More beans.",
    "exercise": "A walk of 30 minutes on five days.",
}


class Furnishing:
    """Fills the record of a patient; the pages are those of who signs in there."""

    def __init__(self, home: House, patient: str) -> None:
        self.home, self.path = home, f"/api/v1/patients/{patient}"
        self.admin, self.at = home.context(), f"/health/{patient}"

    def views(self) -> list[tuple[Any, Pages]]:
        """Who looks, as the state of a browser, and pages by the names of their pictures."""
        self._sign_up()
        account = {"name": "grace-hopper", "role": "patient", "password": PASSWORD}
        doctor = {"name": "nathan-ward", "role": "doctor", "password": PASSWORD,
                  "full_name": "Dr. Nathan Ward"}
        for each in (account, doctor):
            self._call("POST", "/api/v1/users", each)
        self._call("PATCH", self.path, {"user": "grace-hopper"})
        links = self._fill()
        views = [(None, links), (self._session("grace-hopper"), self._patients()),
                 (self._session("nathan-ward"), self._doctors())]
        self.admin.close()
        return views

    def _patients(self) -> Pages:
        own = {name: f"{self.at}/{name}" for name in ("labs", "questionnaire", "advice")}
        return {
            **{f"patient-{name}": path for name, path in own.items()},
            "patient-home": self.at, "patient-review": own["questionnaire"],
            "patient-import": f"{self.at}/labs?import=1", "patient-report": f"{self.at}/report",
            "patient-sharing": f"{self.at}/sharing",
        }

    def _doctors(self) -> Pages:
        return {
            "doctor-patients": "/health?all=1", "doctor-home": self.at,
            "doctor-advice": f"{self.at}/advice", "doctor-answers": f"{self.at}/questionnaire",
        }

    def _call(self, method: str, path: str, body: Any) -> Any:
        return self.home.call(self.admin, method, path, body)

    def _sign_up(self) -> None:
        """Somebody who waits on the page of users."""
        stranger = self.home.context(signed_in=False)
        answer = stranger.request.post("/api/v1/sign-ups", data={
            "role": "doctor", "username": "lovelace", "full_name": "Dr. Ada Lovelace",
            "password": PASSWORD, "national_id": "151210-10-0001",
        })
        assert answer.ok, answer.text()
        stranger.close()

    def _session(self, name: str) -> Any:
        """A browser in which this one is signed in, with a telephone where one is needed."""
        context = self.home.context(signed_in=False)
        words = {"username": name, "password": PASSWORD}
        answer = context.request.post("/api/v1/session", data=words)
        if not answer.ok:
            phone = pyotp.TOTP(answer.json()["enrolment"]["secret"])
            answer = context.request.post("/api/v1/session", data={**words, "otp": phone.now()})
        assert answer.ok, answer.text()
        state = context.storage_state()
        context.close()
        return state

    def _fill(self) -> Pages:
        """Something in every section; what links open."""
        for months, change in ((8, 1.0), (4, 0.9), (0, 0.85)):
            self._results(date.today() - timedelta(days=30 * months + 3), lambda x: x * change)
        self._call("PUT", f"{self.path}/questionnaire", ANSWERS)
        self._call("PUT", f"{self.path}/advice", ADVICE)
        self._call("PUT", f"{self.path}/advice", {"bone": "Vitamin D: ask me.", "draft": True})
        for text in ("Dizzy on Monday, after the stairs.", "The new pills taste of tin."):
            self._call("POST", f"{self.path}/notes", {"text": text})
        self._habits()
        return self._shares()

    def _results(self, day: date, changed: Callable[[float], float]) -> None:
        self._call("PUT", f"{self.path}/labs", {
            "date": day.isoformat(), "laboratory": "Grove Street", "values": {
                key: {"value": value if isinstance(value, str) else round(changed(value), 1),
                      "unit": unit}
                for key, (value, unit) in FIRST.items()
            },
        })

    def _habits(self) -> None:
        for body, share in (({"ready": "medicine"}, 7), ({"name": "Walk by the river"}, 3)):
            habit = self._call("POST", f"{self.path}/habits", body)["id"]
            for back in range(1, 25):
                self._call("POST", f"{self.path}/habits/{habit}/checkins", {
                    "day": (date.today() - timedelta(days=back)).isoformat(),
                    "state": "done" if back % share else "skip",
                })

    def _shares(self) -> Pages:
        shares = f"{self.path}/shares"
        self._call("POST", shares, {"doctor": "nathan-ward", "sections": SECTIONS, "days": 365})
        made = [self._call("POST", shares, {"sections": SECTIONS, "label": label, **more})
                for label, more in (("Second opinion", {}), ("Aunt", {"passcode": "blue heron"}))]
        return {
            "link": f"/shared#{made[0]['token']}", "link-passcode": f"/shared#{made[1]['token']}",
            "link-over": "/shared",
        }
