"""Habits and nutrition over HTTP: shapes, who may what, bad input."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from iotd.devices.model import Approval, Device
from iotd.devices.records import save_device
from tests.cabinet.house import settled
from tests.health.record_app import RecordTest

KEYS = {"id", "name", "ready", "per", "times", "target", "unit", "step", "remind_at", "today",
        "period", "streak", "best_streak", "strength", "due", "since", "created_at", "archived",
        "archived_at"}
NUTRIENT = {"nutrient", "name", "unit", "amount", "daily_value", "share", "goal", "source",
            "own", "known"}


class HabitsApiTests(RecordTest):
    """Anna's habits."""

    async def post(self, path: str, **body: Any) -> Any:
        """The reply to a POST of Anna's."""
        return await self.anna.call("POST", self.path + path, json=body)

    def day(self, ahead: int = 0) -> str:
        """Today, or so many days from it."""
        today = datetime.fromtimestamp(self.app.now, timezone.utc).date()
        return (today + timedelta(days=ahead)).isoformat()

    async def test_shapes(self) -> None:
        """A habit, its check-ins, its list and the settings are as they are told."""
        made = await self.post("/habits", name="Water", target=2, unit="L")
        self.assertEqual((made.status, set(made.json)), (201, KEYS))
        id = made.json["id"]
        said = await self.post(f"/habits/{id}/checkins", state="done", value=0.5)
        self.assertEqual(said.status, 201)
        self.assertEqual(
            {key: said.json[key] for key in ("id", "day", "state", "count", "value", "by")},
            {"id": said.json["day"], "day": said.json["day"], "state": "open", "count": 1,
             "value": 0.5, "by": "anna"},
        )
        found = await self.get("/habits")
        self.assertEqual(set(found), {"items", "next", "settings", "day"})
        self.assertEqual(found["items"][0]["today"], {"state": "open", "count": 1, "value": 0.5})
        self.assertEqual(found["settings"]["timezone"], "Europe/Berlin")
        self.assertEqual(found, await self.app.record.habits.section(self.who, self.app.now))
        changed = await self.anna.call(
            "PATCH", f"{self.path}/habits/{id}", json={"target": None, "times": 2})
        self.assertEqual((changed.json["target"], changed.json["times"]), (None, 2))
        self.assertEqual((await self.put("/habits/settings", day_start="04:00")).status, 200)
        ready = await self.anna.call("GET", "/api/v1/habits/ready")
        self.assertEqual([one["id"] for one in ready.json["items"]][:2], ["water", "sleep"])
        gone = await self.anna.call("DELETE", f"{self.path}/habits/{id}")
        self.assertEqual((gone.status, (await self.get("/habits"))["items"]), (204, []))

    async def test_pages(self) -> None:
        """Lists go on where they stopped."""
        ids = [(await self.post("/habits", name=name)).json["id"] for name in "abc"]
        for ahead in range(-4, 1):
            await self.post(f"/habits/{ids[0]}/checkins", state="done", day=self.day(ahead))
        self.assertEqual((await self.put("/habits/order", ids=[ids[2]])).status, 200)
        first = await self.get("/habits?limit=2")
        rest = await self.anna.call("GET", first["next"])
        names = [one["name"] for one in first["items"] + rest.json["items"]]
        self.assertEqual(names, ["c", "a", "b"])
        path = f"/habits/{ids[0]}/checkins?limit=3&since={self.day(-3)}&until={self.day()}"
        first = await self.get(path)
        rest = await self.anna.call("GET", first["next"])
        days = [one["day"] for one in first["items"] + rest.json["items"]]
        self.assertEqual(days, [self.day(ahead) for ahead in range(-3, 1)])
        self.assertIsNone(rest.json["next"])

    async def test_bad_input(self) -> None:
        """What can't be is refused with its field named."""
        id = (await self.post("/habits", name="Read")).json["id"]
        checkins = f"/habits/{id}/checkins"
        for path, body, field in (
            ("/habits", {}, "name"), ("/habits", {"name": "x" * 300}, "name"),
            ("/habits", {"name": "x", "times": 25}, "times"),
            ("/habits", {"name": "x", "per": "week", "times": 8}, "times"),
            ("/habits", {"name": "x", "target": 1e9}, "target"),
            ("/habits", {"name": "x", "remind_at": "noon"}, "remind_at"),
            ("/habits", {"name": "x", "colour": "red"}, "colour"),
            (checkins, {}, "state"), (checkins, {"state": "perhaps"}, "state"),
            (checkins, {"state": "done", "day": self.day(2)}, "day"),
            (checkins, {"state": "done", "day": "2020-01-01"}, "day"),
            (checkins, {"state": "done", "day": "yesterday"}, "day"),
            (checkins, {"state": "done", "day": 0}, "day"),
            (checkins, {"state": "done", "value": 1e7}, "value"),
            (checkins, {"state": "done", "count": 100}, "count"),
        ):
            reply = await self.post(path, **body)
            self.assertEqual((reply.status, reply.json["field"]), (422, field), (path, body))
        for path in (f"{checkins}/nothing", f"{checkins}/{self.day()}", "/habits/999"):
            reply = await self.anna.call("DELETE", self.path + path)
            self.assertEqual(reply.status, 404, path)

    async def test_doctor(self) -> None:
        """A doctor who was let into habits reads them and writes nothing; others find nothing;
        who looked is shown."""
        id = (await self.post("/habits", name="Read")).json["id"]
        drew = await self.doctor("drew", "habits")
        kim = await self.doctor("kim", "labs")
        reading = ("/habits", f"/habits/{id}", f"/habits/{id}/checkins", "/nutrition",
                   "/nutrition/days", "/nutrition/targets")
        for path in reading:
            await self.get(path, drew)
            reply = await kim.call("GET", self.path + path)
            self.assertEqual(reply.status, 404, path)
        for method, path in (
            ("POST", "/habits"), ("PATCH", f"/habits/{id}"), ("DELETE", f"/habits/{id}"),
            ("POST", f"/habits/{id}/checkins"), ("PUT", "/habits/settings"),
            ("PUT", "/habits/order"), ("PUT", "/nutrition/targets"),
        ):
            reply = await drew.call(method, self.path + path, json={})
            self.assertEqual(reply.status, 403, path)
        seen = {(who, what) for who, what, _ in await self.audited()}
        self.assertLessEqual({("drew", "view habits"), ("drew", "view nutrition")}, seen)

    async def test_another_patient(self) -> None:
        """Another patient finds nothing of it."""
        id = (await self.post("/habits", name="Read")).json["id"]
        eve = await self.signed_in("eve", "patient")
        for method, path, body in (
            ("GET", "/habits", None), ("GET", f"/habits/{id}", None),
            ("POST", "/habits", {"name": "x"}), ("POST", f"/habits/{id}/checkins",
                                                 {"state": "done"}),
            ("PATCH", f"/habits/{id}", {"name": "x"}), ("DELETE", f"/habits/{id}", None),
            ("GET", "/nutrition", None), ("PUT", "/nutrition/targets", {"iron_mg": 1}),
        ):
            options: dict[str, Any] = {} if body is None else {"json": body}
            reply = await eve.call(method, self.path + path, **options)
            self.assertEqual(reply.status, 404, path)

    async def test_nutrition(self) -> None:
        """Without a cabinet a day has nothing in it, and daily values can be changed."""
        day = await self.get("/nutrition")
        self.assertEqual((day["items"], day["unknown"], day["complete"]), ([], [], True))
        self.assertEqual({frozenset(each) for each in day["nutrients"]}, {frozenset(NUTRIENT)})
        iron = next(each for each in day["nutrients"] if each["nutrient"] == "iron_mg")
        self.assertEqual((iron["daily_value"], iron["amount"], iron["share"]), (9, 0, 0))
        reply = await self.put("/nutrition/targets", iron_mg=18, source="my doctor")
        self.assertEqual(reply.status, 200)
        day = await self.get(f"/nutrition?day={self.day(-1)}")
        iron = next(each for each in day["nutrients"] if each["nutrient"] == "iron_mg")
        self.assertEqual((iron["daily_value"], iron["source"]), (18, "my doctor"))
        self.assertEqual(len((await self.get("/nutrition/days?days=7"))["items"]), 7)
        for body in ({"iron_mg": 0}, {"iron_mg": "9"}, {"gold_mg": 1}, {"source": "x" * 201}):
            self.assertEqual((await self.put("/nutrition/targets", **body)).status, 422, body)
        for query in ("day=2020-01-01", "day=2999-01-01", "day=2026-02-30", "day=x"):
            reply = await self.anna.call("GET", f"{self.path}/nutrition?{query}")
            self.assertEqual((reply.status, reply.json["field"]), (422, "day"), query)


class FactsApiTests(RecordTest):
    """Facts of items in a cabinet of Anna's."""

    async def test_facts(self) -> None:
        """Anna says what is in an item; absurd figures and other people are refused."""
        device = Device("cab", "cab", "cabinet", Approval.APPROVED, "dev", 1.0, "10.0.0.7")
        await self.app.store.run(save_device, device)
        await self.app.store.run(self.app.registry.load)
        await self.app.registry.change("cab", {"patient": self.who}, "test")
        await settled(self.app.store, self.app.cabinets, self.app.counter)
        item = "/api/v1/cabinets/cab/items/Pepsi"
        counted = await self.anna.call("POST", item + "/count", json={"count": 3})
        self.assertEqual(counted.status, 200, counted.body)
        found = await self.anna.call("GET", item + "/nutrition")
        self.assertEqual((found.json["known"], found.json["energy_kcal"]), (False, None))
        offered = found.json["suggestion"]
        del offered["energy_kj"]
        made = await self.anna.call("PUT", item + "/nutrition", json=offered)
        self.assertEqual((made.status, made.json["known"]), (200, True), made.body)
        self.assertEqual(made.json["energy_kj"], 172)
        for body in ({"fat_g": 101}, {"salt_g": -1}, {"piece_g": 0}, {"energy_kcal": 1001},
                     {"fat_g": 60, "sugar_g": 60}, {"fat_g": "much"}, {"vitamin_z": 1}):
            reply = await self.anna.call("PUT", item + "/nutrition", json=body)
            self.assertEqual(reply.status, 422, body)
        eve = await self.signed_in("eve", "patient")
        for method in ("GET", "PUT"):
            options: dict[str, Any] = {"json": {}} if method == "PUT" else {}
            reply = await eve.call(method, item + "/nutrition", **options)
            self.assertEqual(reply.status, 404)
