"""The register over HTTP: students, their MACs and badges, codes, files, self-registration."""

from __future__ import annotations

from typing import Any

from iotd.campus import register_shapes as shapes
from iotd.campus.edits import KEEP
from iotd.campus.office import Office
from iotd.campus.register_csv import MAX_BYTES
from iotd.campus.register_search import as_csv
from iotd.site.paging import as_page
from iotd.site.problems import Refusal
from iotd.site.request import SLASH
from iotd.site.routes import Answer, Call, route

CAMPUS = "/api/v1/campus"
STUDENTS = CAMPUS + "/students"
ONE = STUDENTS + "/<rollno>"


def rollno_of(part: str) -> str:
    """The roll number that a part of a path means: slashes come as %2F."""
    return part.replace(SLASH.decode(), "/")


class RegisterApi:
    """Routes of the register; whoever reaches them sees names."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._search, self._edits, self._register = office.search, office.edits, office.register

    @route("GET", STUDENTS, query=shapes.StudentsQuery, answer=shapes.StudentList)
    async def list_students(self, call: Call) -> dict[str, Any]:
        """Students by roll number, all or those that are asked for."""
        asked = call.query
        found = self._search.find(asked.model_dump(), asked.after, asked.limit + 1)
        return as_page([self._search.as_json(each) for each in found], call)

    @route("POST", STUDENTS, body=shapes.NewStudent, answer=shapes.StudentOut, status=201)
    async def add_student(self, call: Call) -> dict[str, Any]:
        """A new student."""
        fields = call.body.model_dump()
        rollno, mac = fields.pop("rollno"), fields.pop("mac")
        made = await self._edits.add(rollno, fields, mac, call.who.name, call.address)
        return self._search.as_json(made)

    @route("GET", STUDENTS + ".csv", query=shapes.Wanted, kind="plain")
    async def students_csv(self, call: Call) -> Answer:
        """The same students as a file that can be imported again; without MACs."""
        found = self._search.find(call.query.model_dump())
        headers = {"Content-Disposition": 'attachment; filename="students.csv"'}
        body = await self._office.in_thread(as_csv, found)
        return Answer(body, headers=headers, content_type="text/csv; charset=utf-8")

    @route("POST", STUDENTS + "/import", query=shapes.ImportQuery, raw="text/csv",
           answer=shapes.ImportOut, status=201, body_limit=MAX_BYTES)
    async def import_students(self, call: Call) -> Answer:
        """Take over a CSV file, whole or, with any fault, not at all; or only look at it."""
        preview = call.query.preview
        done = await self._office.imports.run(call.body, preview, call.who.name, call.address)
        if done["faults"] and not preview:
            more = "" if len(done["faults"]) == 1 else f" {done['faults_in_all']} faults in all."
            first = done["faults"][0]
            said = f"Nothing was changed. Line {first['line']}: {first['reason']}.{more}"
            status = 409 if done["held"] == done["faults_in_all"] else 422
            raise Refusal(status, said, first["column"] or None, extra=done)
        return Answer(done, status=201 if done["applied"] and done["added"] else 200)

    @route("GET", STUDENTS + "/import", answer=shapes.ProgressOut)
    async def import_progress(self, call: Call) -> dict[str, Any]:
        """How far the import is that runs now."""
        return self._office.imports.progress

    @route("GET", ONE, answer=shapes.StudentOut)
    async def get_student(self, call: Call, rollno: str) -> dict[str, Any]:
        """One student."""
        return self._search.as_json(self._register.find(rollno_of(rollno)))

    @route("PATCH", ONE, body=shapes.StudentChange, answer=shapes.StudentOut)
    async def change_student(self, call: Call, rollno: str) -> dict[str, Any]:
        """Change a roll number or any of the five categories."""
        given = call.body.given()
        changed = await self._edits.change(
            rollno_of(rollno), given, call.who.name, call.address
        )
        return self._search.as_json(changed)

    @route("DELETE", ONE, answer=shapes.ErasedOut)
    async def erase_student(self, call: Call, rollno: str) -> dict[str, Any]:
        """Erase a student from everything, for good."""
        return await self._office.erasing.erase(rollno_of(rollno), call.who.name, call.address)

    @route("PUT", ONE + "/mac", body=shapes.NewMac, answer=shapes.StudentOut)
    async def put_mac(self, call: Call, rollno: str) -> dict[str, Any]:
        """Give a student a MAC, or another end to one."""
        until: Any = KEEP
        if "expires_at" in call.body.model_fields_set:
            moment = call.body.expires_at
            until = None if moment is None else moment.timestamp()
        return self._search.as_json(await self._edits.put_mac(
            rollno_of(rollno), call.body.mac, until, call.who.name, call.address
        ))

    @route("PUT", ONE + "/badge", body=shapes.NewBadge, answer=shapes.StudentOut)
    async def put_badge(self, call: Call, rollno: str) -> dict[str, Any]:
        """Give a student a badge, fingerprint or face."""
        return self._search.as_json(await self._edits.put_badge(
            rollno_of(rollno), call.body.uid, call.body.method, call.who.name, call.address
        ))

    @route("DELETE", ONE + "/identifiers/<id>", status=204)
    async def remove_identifier(self, call: Call, rollno: str, id: str) -> None:
        """Take a MAC or badge away."""
        await self._edits.remove_identifier(rollno_of(rollno), id, call.who.name, call.address)

    @route("POST", ONE + "/code", answer=shapes.CodeOut, status=201)
    async def make_code(self, call: Call, rollno: str) -> dict[str, Any]:
        """A one-time code for the student's own registration; one before it ends."""
        return await self._office.codes.make(rollno_of(rollno), call.who.name, call.address)

    @route("POST", "/api/v1/campus/registrations", body=shapes.Registration,
           answer=shapes.RegistrationOut, status=201)
    async def register_device(self, call: Call) -> Answer:
        """A student registers or renews a MAC with a code from the office."""
        asked = call.body
        done = await self._office.registrations.register(
            asked.rollno.strip(), asked.code, asked.mac, call.address
        )
        return Answer(done, status=200 if done["renewed"] else 201)
