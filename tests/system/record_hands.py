"""The hands that write a record: of results, advice, answers, notes, habits, shares, openings."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from tests.running_daemon import Answer
from tests.system.record_hand import Hand

if TYPE_CHECKING:
    from tests.system.record_story import Record

YESTERDAY = date.today() - timedelta(days=2)  # in every time zone
MOST_SHARES = 5  # open at a time; the oldest is revoked for another


class Laboratory(Hand):
    """Some results at once, into reports of seven days."""

    def write(self, number: int) -> Answer:
        """Over those of the same day."""
        values = {key: {"value": value, "unit": "U/L"} for key, value in _results(number).items()}
        return self.ask("PUT", "/labs", {"date": _day(number % 7), "values": values})

    def kept(self) -> Any:
        """Versions and given values by day."""
        return {
            report["date"]: (report["version"], {
                key: each["given"]["value"] for key, each in report["values"].items()})
            for report in self.record.pages("/labs?limit=1000")
        }

    def expected(self, numbers: Sequence[int]) -> Any:
        """All of the last one of a day."""
        days: dict[str, Any] = {}
        for number in numbers:
            version, _ = days.get(_day(number % 7), (0, {}))
            days[_day(number % 7)] = version + 1, _results(number)
        return days

    def audited(self) -> Mapping[str, int]:
        """Each."""
        return {"change labs": len(self.told)}


def _results(number: int) -> dict[str, float]:
    return {"alt": 10.0 + number, "ast": 20.0 + number, "alp": 30.0 + number}


def _day(back: int) -> str:
    return (YESTERDAY - timedelta(days=back)).isoformat()


class Adviser(Hand):
    """Publishes in two sections at once."""

    def write(self, number: int) -> Answer:
        """Both say the same."""
        return self.ask("PUT", "/advice", {"diet": f"advice {number}", "bone": f"advice {number}"})

    def kept(self) -> Any:
        """What both said, the oldest first, and what holds."""
        holds = self.record.get("/advice")
        return [
            (holds[section], [
                (each["state"], each["text"]) for each in
                self.record.pages(f"/advice/versions?section={section}&limit=100")
            ][::-1])
            for section in ("diet", "bone")
        ]

    def expected(self, numbers: Sequence[int]) -> Any:
        """Every version once."""
        texts = [f"advice {number}" for number in numbers]
        return 2 * [((texts or [""])[-1], [("published", text) for text in texts])]

    def audited(self) -> Mapping[str, int]:
        """Each."""
        return {"publish advice": len(self.told)}


class Drafter(Hand):
    """Goes on with one draft, as a page does while somebody types."""

    def write(self, number: int) -> Answer:
        """The whole draft anew."""
        return self.ask("PUT", "/advice", {"glucose": f"draft {number}", "draft": True})

    def kept(self) -> Any:
        """The draft, and that nothing of it holds."""
        advice = self.record.get("/advice")
        return advice["glucose"], (advice["drafts"].get("glucose") or {}).get("text")

    def expected(self, numbers: Sequence[int]) -> Any:
        """The last one."""
        return "", f"draft {numbers[-1]}" if numbers else None

    def audited(self) -> Mapping[str, int]:
        """Once: to go on with a draft is no new act."""
        return {"save draft of advice": min(1, len(self.told))}


class Patient(Hand):
    """Answers two sections of the questionnaire at once."""

    def write(self, number: int) -> Answer:
        """Both say the same."""
        return self.ask("PUT", "/questionnaire", {"sleep": f"n {number}", "stress": f"n {number}"})

    def kept(self) -> Any:
        """Version and both answers."""
        found = self.record.get("/questionnaire")
        return found["version"], found["sleep"], found["stress"]

    def expected(self, numbers: Sequence[int]) -> Any:
        """A version for each."""
        last = f"n {numbers[-1]}" if numbers else None
        return len(numbers), last, last

    def audited(self) -> Mapping[str, int]:
        """Each."""
        return {"change questionnaire": len(self.told)}


class Scribe(Hand):
    """Adds notes, and writes every third one over the one before it."""

    def __init__(self, record: Record) -> None:
        super().__init__(record)
        self._over_which: dict[int, int | None] = {}
        self._ids: dict[int, int] = {}

    def write(self, number: int) -> Answer:
        """A note, or a version of one."""
        before = self.told[-1] if self.told and number % 3 == 2 else None
        self._over_which[number] = before
        text = {"text": f"note {number}"}
        if before is None:
            answer = self.ask("POST", "/notes", text)
        else:
            answer = self.ask("PUT", f"/notes/{self._ids[before]}", text)
        if answer.status < 300:
            self._ids[number] = answer.json["id"]
        return answer

    def kept(self) -> Any:
        """How often each was written, by the number that it says now."""
        found = Counter[int]()
        for each in self.record.pages("/notes?limit=1000"):
            number = int(each["text"].split()[1])
            self._ids[number] = each["id"]
            found[number] += each["versions"]
        return found

    def expected(self, numbers: Sequence[int]) -> Any:
        """As it was written."""
        notes = Counter[int]()
        for number in numbers:
            before = self._over_which[number]
            notes[number] = 1 if before is None else notes.pop(before) + 1
        return notes

    def audited(self) -> Mapping[str, int]:
        """Each, by what it was."""
        added = sum(self._over_which[number] is None for number in self.told)
        return {"add note": added, "change note": len(self.told) - added}


class Ticker(Hand):
    """Checks in: of one habit so often, of another so much, on five days."""

    def __init__(self, record: Record) -> None:
        super().__init__(record)
        made = ({"name": "Stretch", "times": 24}, {"name": "Water", "target": 5000, "unit": "ml"})
        self._habits = [record.ask("POST", "/habits", each)["id"] for each in made]

    def write(self, number: int) -> Answer:
        """Once more, or so much more."""
        more = {"value": 125.5} if number % 2 else {"count": 1}
        return self.ask("POST", f"/habits/{self._habits[number % 2]}/checkins", {
            "state": "done", "day": _day(number // 2 % 5), **more})

    def kept(self) -> Any:
        """Counts and amounts by habit and day."""
        return {
            (which, each["day"]): (each["count"], each["value"])
            for which, id in enumerate(self._habits)
            for each in self.record.pages(f"/habits/{id}/checkins?limit=1000")
        }

    def expected(self, numbers: Sequence[int]) -> Any:
        """None of them twice."""
        often = Counter((number % 2, _day(number // 2 % 5)) for number in numbers)
        return {
            where: (count, 125.5 * count if where[0] else None) for where, count in often.items()
        }

    def audited(self) -> Mapping[str, int]:
        """Each."""
        return {"check in habit": len(self.told)}


class Sharer(Hand):
    """Makes links and lets a doctor in, and revokes the oldest when there are some."""

    LETS_IN = (["labs"], ["advice", "habits"], ["notes"], ["labs", "questionnaire"])

    def __init__(self, record: Record) -> None:
        super().__init__(record)
        self._does: dict[int, int | None] = {}  # None: a new one; else the one to revoke
        self._ids: dict[int, str] = {}

    def write(self, number: int) -> Answer:
        """One more, or one less."""
        known = list(self.expected(self.told)[0])
        self._does[number] = revoked = known[0] if len(known) >= MOST_SHARES else None
        if revoked is not None:
            return self.ask("DELETE", f"/shares/{self._ids[revoked]}")
        kind, sections = _share(number)
        doctor = {"doctor": self.record.doctor.name} if kind == "doctor" else {}
        answer = self.ask("POST", "/shares", {
            "label": f"share {number}", "sections": sections, **doctor})
        if answer.status < 300:
            self._ids[number] = answer.json["id"]
        return answer

    def kept(self) -> Any:
        """The open ones, and what the doctor sees in fact."""
        found = {}
        for each in self.record.pages("/shares?state=open&limit=1000"):
            if each["label"].startswith("share "):
                number = int(each["label"].split()[1])
                self._ids[number] = each["id"]
                assert number not in found, each
                found[number] = each["kind"], each["sections"]
        return found, self.record.seen_by_doctor()

    def expected(self, numbers: Sequence[int]) -> Any:
        """What was made and not revoked, the oldest first."""
        found: dict[int, Any] = {}
        for number in numbers:
            revoked = self._does[number]
            if revoked is None:
                found[number] = _share(number)
            else:
                found.pop(revoked)
        granted = [sections for kind, sections in found.values() if kind == "doctor"]
        return found, {section for sections in granted for section in sections}

    def audited(self) -> Mapping[str, int]:
        """Each, by what it was."""
        made = sum(self._does[number] is None for number in self.told)
        return {"share": made, "revoke share": len(self.told) - made}


def _share(number: int) -> tuple[str, list[str]]:
    sections = Sharer.LETS_IN[number // 2 % len(Sharer.LETS_IN)]
    return "doctor" if number % 2 else "link", sections


class Reader(Hand):
    """Opens links, one of which opens four times and no more."""

    fine = (404, 429)

    def __init__(self, record: Record) -> None:
        super().__init__(record)
        self._links = [
            record.ask("POST", "/shares", {
                "label": f"open {which}", "sections": ["labs", "advice"], **more})
            for which, more in enumerate(({"openings": 4}, *5 * [{}]))
        ]

    def write(self, number: int) -> Answer:
        """Open one."""
        token = self._links[number % 6]["token"]
        answer = self.ask("POST", "/api/v1/shared", {"token": token}, role=None)
        if answer.status == 200:
            assert {"labs", "advice"} < set(answer.json), answer
        return answer

    def kept(self) -> Any:
        """How often each was opened, as its patient sees it."""
        found = {each["id"]: each["openings"] for each in self.record.pages("/shares?limit=1000")}
        opened = [found[link["id"]] for link in self._links]
        assert opened[0] <= 4, opened
        return opened

    def expected(self, numbers: Sequence[int]) -> Any:
        """Each that was answered."""
        often = Counter(number % 6 for number in numbers)
        return [often[which] for which in range(6)]

    def audited(self) -> Mapping[str, int]:
        """Each."""
        return {"open link": len(self.told)}


HANDS = (Laboratory, Adviser, Drafter, Patient, Scribe, Ticker, Sharer, Reader)
