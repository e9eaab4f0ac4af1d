"""Advice as doctors write it and patients read it."""

from __future__ import annotations

from typing import Any

from iotd.health.advice.model import MOST_TEXT, SAME_DRAFT, SECTIONS
from tests.apps import Browser
from tests.health.record_app import RecordTest

PATH = "/advice"
SCRIPT = "<img src=x onerror=alert(1)>"


class AdviceTest(RecordTest):
    """Two doctors, both let into the advice."""

    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        self.dora = await self.doctor("dora", "advice", full_name="Dr. Dora Díaz")
        self.emil = await self.doctor("emil", "advice", full_name="Emil Ebner")

    async def version(self, key: str) -> int | None:
        """The version that holds."""
        about = (await self.get(PATH))["about"][key]
        return None if about is None else int(about["version"])

    async def put_ok(self, browser: Browser, **body: Any) -> Any:
        """What a PUT that worked answered."""
        reply = await self.put(PATH, browser, **body)
        self.assertEqual(reply.status, 200, reply.body)
        return reply.json

    async def history(self, browser: Browser | None = None, query: str = "") -> list[Any]:
        """Text and state of each version, the newest first."""
        items = (await self.get(f"{PATH}/versions{query}", browser))["items"]
        return [(each["text"], each["state"], each["author_name"]) for each in items]


class PublishTests(AdviceTest):
    """What holds."""

    async def test_merge(self) -> None:
        """Nine sections without a text at first; PUT publishes what it names, with author and
        time, and leaves the rest; the versions come in pages."""
        told = await self.get(PATH)
        self.assertEqual({told[key] for key in SECTIONS}, {""})
        self.assertEqual((set(told["about"].values()), told["drafts"]), ({None}, {}))
        first = await self.put_ok(self.dora, diet="Less salt.\nMore water.", bone="Walk.")
        second = await self.put_ok(self.emil, bone="Walk daily.")
        self.assertEqual((second["diet"], second["bone"]), ("Less salt.\nMore water.",
                                                            "Walk daily."))
        self.assertEqual(second["about"]["diet"], first["about"]["diet"])
        self.assertEqual(second["about"]["diet"]["author_name"], "Dr. Dora Díaz")
        self.assertEqual(await self.get(PATH), second)
        self.assertEqual(await self.history(query="?section=bone"), [
            ("Walk daily.", "published", "Emil Ebner"), ("Walk.", "published", "Dr. Dora Díaz"),
        ])
        page = await self.get(PATH + "/versions?limit=2")
        rest = await self.anna.call("GET", page["next"])
        texts = [each["text"] for each in page["items"] + rest.json["items"]]
        self.assertEqual(texts, ["Walk daily.", "Walk.", "Less salt.\nMore water."])
        reply = await self.anna.call("GET", self.path + PATH + "/versions?section=shoes")
        self.assertEqual((reply.status, reply.json["field"]), (422, "section"))

    async def test_told(self) -> None:
        """Publishing is told on the bus with its sections and author, and is in the audit
        without a word of it; the same again is neither; an empty text withdraws it."""
        for _ in range(2):
            await self.put_ok(self.dora, mental="Rest more.")
        self.assertEqual([(each["what"], each["by"]) for each in self.told],
                         [("mental", "Dr. Dora Díaz")])
        self.assertIn(("dora", "publish advice", "mental"), await self.audited())
        self.assertEqual((await self.put_ok(self.dora, mental=None))["mental"], "")
        self.assertEqual([each[0] for each in await self.history()], ["", "Rest more."])

    async def test_too_long(self) -> None:
        """200 KB in a section are refused with the section and the limit; nothing is kept."""
        reply = await self.put(PATH, self.dora, diet="ok", bone="x" * 204_800)
        self.assertEqual((reply.status, reply.json["field"]), (422, "bone"))
        self.assertIn("20,000", reply.json["detail"])
        for letter in ("x", "é", "痛", "\U0001f34e"):
            kept = await self.put_ok(self.dora, glucose=letter * MOST_TEXT)
            self.assertEqual(kept["glucose"], letter * MOST_TEXT)
        self.assertEqual((await self.get(PATH))["diet"], "")

    async def test_scripts(self) -> None:
        """What is written is text, also in the page that carries it."""
        await self.put_ok(self.dora, diet=f"</script>{SCRIPT}")
        self.assertEqual((await self.get(PATH))["diet"], f"</script>{SCRIPT}")
        page = await self.anna.call("GET", f"/health/{self.who}/advice",
                                    headers={"Accept": "text/html"})
        self.assertEqual(page.status, 200, page.body)
        self.assertNotIn(SCRIPT.encode(), page.body)


class DraftTests(AdviceTest):
    """What is not published yet."""

    async def test_whose(self) -> None:
        """A draft is its author's, and an admin's to see; not the patient's, nor a colleague's;
        nobody is told of it."""
        await self.put_ok(self.dora, diet="Less", draft=True)
        ada = await self.signed_in("ada", "admin")
        for browser, sees in ((self.dora, True), (ada, True), (self.emil, False),
                              (self.anna, False)):
            told = await self.get(PATH, browser)
            self.assertEqual(told["diet"], "")
            self.assertEqual("diet" in told["drafts"], sees)
            self.assertEqual(len(await self.history(browser)), int(sees))
        self.assertEqual(self.told, [])
        self.assertIn(("dora", "save draft of advice", "diet"), await self.audited())
        await self.put_ok(self.dora, bone="hers", draft=True)
        told = await self.put_ok(ada, diet="mine", draft=True)
        self.assertEqual({key: each["text"] for key, each in told["drafts"].items()},
                         {"diet": "mine", "bone": "hers"})

    async def test_goes_on(self) -> None:
        """A draft that is saved again is the same version for ten minutes, then a new one;
        publishing ends it."""
        for text, later in (("a", 0), ("ab", SAME_DRAFT - 1), ("abc", SAME_DRAFT + 1)):
            self.app.now += later
            told = await self.put_ok(self.dora, diet=text, draft=True)
            self.assertEqual(told["drafts"]["diet"]["text"], text)
        self.assertEqual([each[:2] for each in await self.history(self.dora)],
                         [("abc", "draft"), ("ab", "draft")])
        self.assertEqual((await self.put_ok(self.dora, diet="abcd"))["drafts"], {})
        self.assertEqual((await self.get(PATH, self.dora))["drafts"], {})

    async def test_discard(self) -> None:
        """Null drops one's draft, as does publishing what holds already; versions stay."""
        await self.put_ok(self.emil, diet="Eat.")
        for body in ({"diet": None, "draft": True}, {"diet": "Eat."}):
            await self.put_ok(self.dora, diet="Eat less", draft=True)
            self.assertEqual((await self.put_ok(self.dora, **body))["drafts"], {})
        self.assertEqual([each[1] for each in await self.history(self.dora)],
                         ["draft", "draft", "published"])


class AtOnceTests(AdviceTest):
    """Two doctors who save at once."""

    async def test_conflict(self) -> None:
        """Who comes second gets 409 with both texts; nothing is lost, and after reading the
        other one may publish."""
        base = {"diet": await self.version("diet")}
        await self.put_ok(self.emil, diet="Emil's", base=base)
        reply = await self.put(PATH, self.dora, diet="Dora's", base=base)
        self.assertEqual((reply.status, reply.json["field"]), (409, "diet"))
        self.assertEqual(reply.header("Content-Type"), "application/problem+json")
        current, kept = reply.json["current"]["diet"], reply.json["kept"]["diet"]
        self.assertEqual((current["text"], current["author_name"]), ("Emil's", "Emil Ebner"))
        self.assertEqual((kept["text"], kept["state"]), ("Dora's", "kept"))
        self.assertEqual((await self.get(PATH))["diet"], "Emil's")
        hers = await self.get(PATH, self.dora)
        self.assertEqual(hers["drafts"]["diet"]["text"], "Dora's")
        merged = await self.put_ok(self.dora, diet="Both", base={"diet": current["version"]})
        self.assertEqual((merged["diet"], merged["drafts"]), ("Both", {}))
        self.assertEqual([each[:2] for each in await self.history(self.dora)],
                         [("Both", "published"), ("Dora's", "kept"), ("Emil's", "published")])

    async def test_all_or_nothing(self) -> None:
        """With one section in conflict none is published, and every text is kept, once."""
        await self.put_ok(self.emil, bone="Emil's")
        for _ in range(2):
            reply = await self.put(PATH, self.dora, bone="Dora's", diet="Dora's, too",
                                   base={"bone": None, "diet": None})
            self.assertEqual((reply.status, set(reply.json["current"])), (409, {"bone"}))
        self.assertEqual(set(reply.json["kept"]), {"bone", "diet"})
        self.assertEqual((await self.get(PATH))["diet"], "")
        self.assertEqual(len(await self.history(self.dora)), 3)

    async def test_no_conflict(self) -> None:
        """The same text is none, nor is another section that changed, nor a first text; a base
        that says nothing is refused."""
        await self.put_ok(self.emil, bone="Walk.")
        await self.put_ok(self.dora, bone="Walk.", base={"bone": None})
        told = await self.put_ok(self.dora, diet="Eat.", base={"diet": 0})
        self.assertEqual((told["bone"], told["diet"]), ("Walk.", "Eat."))
        for base in ({"shoes": 1}, {"diet": -1}, {"diet": "new"}):
            reply = await self.put(PATH, self.dora, diet="Eat.", base=base)
            self.assertEqual(reply.status, 422, base)


class RightsTests(AdviceTest):
    """Who sees it, and who writes it."""

    async def test_rights(self) -> None:
        """The patient reads and may not write; without the section there is nothing to read or
        to write; an admin advises as a doctor does; looks are shown to the patient."""
        self.assertEqual((await self.put(PATH, self.anna, diet="Cake.")).status, 403)
        fred = await self.doctor("fred", "labs", "notes")
        for path in (PATH, PATH + "/versions"):
            self.assertEqual((await fred.call("GET", self.path + path)).status, 404)
        self.assertEqual((await self.put(PATH, fred, diet="x")).status, 404)
        await self.get(PATH, self.dora)
        self.assertEqual((await self.audited())[0], ("dora", "view advice", ""))
        ada = await self.signed_in("ada", "admin", "Ada A.")
        told = await self.put_ok(ada, diet="Apples.")
        self.assertEqual(told["about"]["diet"]["author_name"], "Ada A.")
