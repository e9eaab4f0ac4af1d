"""One-time codes, and students who register their own devices, on both databases."""

from __future__ import annotations

from twisted.internet.defer import Deferred, DeferredList

from iotd.campus.codes import ALPHABET, GOOD_FOR, TRIES, WRONG
from iotd.errors import Conflict, Invalid, TooMany
from tests.campus.office_room import LOCAL, MAC, NOW, OTHER_MAC, OfficeTest
from tests.databases import both

HERE, THERE = "10.0.0.1", "10.0.0.2"


class Room(OfficeTest):
    """A student CS/101 of the register."""

    async def code(self, rollno: str = "CS/101") -> str:
        """A new code."""
        return str((await self.office.codes.make(rollno, "ann"))["code"])

    async def register_mac(
        self, code: str, mac: str = MAC, rollno: str = "CS/101", address: str = HERE
    ) -> dict[str, object]:
        """What the page does."""
        return await self.office.registrations.register(rollno, code, mac, address)

    async def refused(self, code: str, rollno: str = "CS/101", address: str = HERE) -> None:
        """It is refused in the words for all wrong codes."""
        with self.assertRaises(Invalid) as caught:
            await self.register_mac(code, rollno=rollno, address=address)
        self.assertEqual((str(caught.exception), caught.exception.field), (WRONG, "code"))


@both
class RegistrationTests(Room):
    """What a code opens, once."""

    async def test_register(self) -> None:
        """A MAC is added until the end of its time; the code is spent."""
        await self.add()
        code = await self.code()
        self.check_stored()
        done = await self.register_mac(code)
        self.assertEqual((done["tail"], done["renewed"], done["local"]), ("01", False, False))
        [held] = self.register.find("CS/101").identifiers
        self.assertEqual(held.expires_at, NOW + 365 * 86400)
        self.assertEqual(self.told.known[held.hash][1], int((NOW + 365 * 86400) * 1e6))
        await self.refused(code)
        self.assertEqual([each[:2] for each in self.audit()], [
            ("ann", "add student"), ("ann", "make code"), ("the student", "register device"),
        ])
        self.check_stored()

    async def test_renew(self) -> None:
        """With a further code the same MAC is good for longer, also after its end."""
        await self.add()
        await self.register_mac(await self.code())
        self.now += 366 * 86400
        self.assertTrue(self.register.find("CS/101").identifiers[0].expired(self.now))
        done = await self.register_mac(await self.code(), MAC.upper())
        self.assertEqual((done["renewed"], len(self.register.find("CS/101").identifiers)),
                         (True, 1))
        self.assertFalse(self.register.find("CS/101").identifiers[0].expired(self.now))
        self.check_stored()

    async def test_tries_are_kept(self) -> None:
        """Five wrong tries spend a code, from wherever they come and across restarts."""
        await self.add()
        code = await self.code()
        for n in range(TRIES):
            await self.refused("WRONGWRONG", address=f"10.0.1.{n}")
        await self.store.run(lambda connection: None)
        self.build()
        await self.refused(code)
        await self.register_mac(await self.code())

    async def test_new_code(self) -> None:
        """A new code ends the one before, and is good for five tries again."""
        await self.add()
        first = await self.code()
        second = await self.code()
        self.assertNotEqual(first, second)
        await self.refused(first)
        await self.register_mac(second)
        self.check_stored()


class CodeTests(Room):
    """What a code is, and how it is guessed."""

    async def test_code(self) -> None:
        """Ten characters that don't look alike; only a keyed hash of them is on disk."""
        await self.add()
        made = await self.office.codes.make("CS/101", "ann")
        text = made["code"].replace("-", "")
        self.assertEqual((len(text), set(text) - set(ALPHABET), made["id"]),
                         (10, set(), "CS/101"))
        self.assertFalse(set(ALPHABET) & set("01258BILOSUVZ"))
        await self.store.run(lambda connection: None)
        for spelling in (text, made["code"]):
            self.assertNotIn(spelling.encode(), self.files())

    async def test_spellings(self) -> None:
        """Code and roll number are taken in small letters, with spaces or without the dash."""
        await self.add()
        await self.add("x-9")
        code = (await self.code()).lower().replace("-", " ")
        self.assertEqual((await self.register_mac(f" {code} ", rollno="cs/101"))["rollno"],
                         "CS/101")
        await self.register_mac((await self.code("x-9")).replace("-", ""), OTHER_MAC, "X-9")

    async def test_end(self) -> None:
        """A code ends after seven days."""
        await self.add()
        code = await self.code()
        self.now += GOOD_FOR
        await self.refused(code)

    async def test_alike(self) -> None:
        """An unknown roll number, one without a code, and a wrong code are answered alike."""
        await self.add()
        await self.add("CS/2")
        await self.code()
        for rollno in ("CS/101", "CS/2", "CS/3", "", "=1", "\u0130" * 64, "x" * 64):
            await self.refused("AAAAA-AAAAA", rollno)

    async def test_patience(self) -> None:
        """An address that is wrong too often waits, on one roll number and on all."""
        await self.add()
        code = await self.code()
        for n in range(TRIES):
            await self.refused("WRONGWRONG", "CS/2")
        with self.assertRaises(TooMany) as caught:
            await self.register_mac("WRONGWRONG", rollno="CS/2")
        self.assertGreater(caught.exception.retry_after, 0)
        for n in range(25):
            await self.refused("WRONGWRONG", f"CS/2{n}")
        with self.assertRaises(TooMany):
            await self.register_mac(code)
        await self.register_mac(code, address=THERE)
        self.now += 3700
        await self.refused("WRONGWRONG", "CS/2")

    async def test_right_ones_cost_nothing(self) -> None:
        """A whole campus behind one address registers without waiting."""
        for n in range(40):
            await self.add(f"CS/{n}")
            code = await self.code(f"CS/{n}")
            await self.register_mac(code, f"00:00:00:00:01:{n:02x}", f"CS/{n}")
        self.assertEqual(len(self.told.known), 40)

    async def test_once(self) -> None:
        """Of two registrations with one code at the same moment one is done."""
        await self.add()
        code = await self.code()
        done = await DeferredList([
            Deferred.fromCoroutine(self.register_mac(code, mac)) for mac in (MAC, OTHER_MAC)
        ], consumeErrors=True)
        self.assertEqual([worked for worked, _ in done], [True, False])
        self.assertEqual(len(self.register.find("CS/101").identifiers), 1)

    async def test_others_mac(self) -> None:
        """A MAC of somebody else is refused; asking for many of them spends the code."""
        await self.add()
        await self.add("CS/2", OTHER_MAC)
        code = await self.code()
        for n in range(TRIES):
            with self.assertRaises(Conflict):
                await self.register_mac(code, OTHER_MAC, address=f"10.0.1.{n}")
        await self.refused(code)

    async def test_no_mac(self) -> None:
        """What is no MAC is told before the code is looked at, and costs no try."""
        await self.add()
        code = await self.code()
        for n in range(TRIES + 1):
            with self.assertRaises(Invalid) as caught:
                await self.register_mac(code, "nonsense")
            self.assertEqual(caught.exception.field, "mac")
        done = await self.register_mac(code, LOCAL)
        self.assertTrue(done["local"])


class ForEverTests(Room):
    """Where registrations have no end."""

    days = 0

    async def test_for_ever(self) -> None:
        """0 days are for ever."""
        await self.add()
        self.assertIsNone((await self.register_mac(await self.code()))["expires_at"])
        self.assertIsNone(self.register.find("CS/101").identifiers[0].expires_us)
