"""The audit as the daemon lives with it: the file beside the database, checks in steps."""

from __future__ import annotations

import os
from typing import Any

from sqlalchemy import delete, update

from iotd.accounts import audit_log
from iotd.accounts.audit_log import FILE
from iotd.accounts.audit_records import HEAD, audit
from iotd.errors import NotFound
from iotd.store.records import facts
from tests.accounts.audit_room import fill
from tests.accounts.room import AccountsTest
from tests.databases import both


@both
class AuditLogTests(AccountsTest):
    """Accounts on a real store."""

    @property
    def path(self) -> Any:
        """The file."""
        return self.data_dir() / FILE

    async def kept(self) -> str:
        """What the file says after a while."""
        self.now += 10
        self.clock.advance(1)
        await self.accounts.audit_log.keep()  # after the one that the clock began
        return str(self.path.read_text())

    async def verify(self) -> Any:
        """A whole check."""
        answer = await self.accounts.audit_log.follow()
        while answer["running"]:
            answer = await self.accounts.audit_log.follow(answer["ticket"])
        return answer

    async def said(self) -> list[str]:
        """What is wrong."""
        return [item["what"] for item in (await self.verify())["items"]]

    async def test_file(self) -> None:
        """It follows the newest row, is private, is there after a stop, and tells no key."""
        await self.store.run(fill)
        self.assertEqual((await self.kept()).split()[:2], ["24", "24"])
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o600)
        await self.store.run(fill, 3)
        await self.restart()
        self.assertEqual(self.path.read_text().split()[:2], ["27", "27"])
        self.assertEqual(await self.said(), [])
        self.assertNotIn(self.sealer.derive(b"iotd audit chain 1").hex(), self.path.read_text())

    async def test_cut(self) -> None:
        """Rows that were cut off are missed, though the database's own head was taken along;
        the file stays the witness, also when others take their place."""
        await self.store.run(fill, 9)
        old = await self.store.run(lambda db: db.execute(facts.select()).all())
        await self.store.run(fill, 5)
        told = await self.kept()

        def cut(db: Any) -> None:
            db.execute(delete(audit).where(audit.c.id > 9))
            for name, value in old:
                db.execute(update(facts).where(facts.c.name == name).values(value=value))

        await self.store.run(cut)
        self.assertEqual(await self.said(), ["rows 10–14 are missing, at the end, says the file"
                                             " beside the database"])
        self.assertEqual(await self.kept(), told)
        await self.store.run(fill, 9)
        await self.restart()
        self.assertEqual(await self.kept(), told)
        self.assertEqual(len(await self.said()), 1)
        self.path.unlink()  # what is told to do after a backup was put back
        await self.restart()
        self.assertEqual((await self.kept()).split()[0], "18")
        self.assertEqual(await self.said(), [])

    async def test_begun_again(self) -> None:
        """A table that was made to look as if there had never been a chain is not chained."""
        await self.store.run(fill, 9)
        await self.kept()
        await self.store.run(lambda db: db.execute(delete(facts).where(facts.c.name == HEAD)))
        await self.store.run(lambda db: db.execute(update(audit).values(chain=None, who="eve")))
        await self.restart()
        self.assertEqual((await self.verify())["faults"], 11)

    async def test_file_changed(self) -> None:
        """A file that says something else is a fault, and stays."""
        await self.store.run(fill, 3)
        await self.kept()
        self.path.write_text("3 3 nonsense\n")
        self.assertEqual(await self.said(), ["the file beside the database was changed"])
        await self.restart()
        await self.store.run(fill, 3)
        self.assertEqual(await self.kept(), "3 3 nonsense\n")

    async def test_steps(self) -> None:
        """A long log is checked in steps, while rows are written and people erased."""
        self.patch(audit_log, "PAGE", 7)
        self.patch(audit_log, "STEP", 14)
        await self.store.run(fill, 50)
        await self.add("ann")
        follow = self.accounts.audit_log.follow
        answer = await follow()
        self.assertEqual((answer["running"], answer["rows"], answer["of"], answer["kept"]),
                         (True, 14, 51, None))
        await self.accounts.people.remove(1, "root")  # rows behind and before the check
        await self.store.run(fill, 9)
        while answer["running"]:
            answer = await follow(answer["ticket"])
        self.assertEqual((answer["items"], answer["rows"]), ([], 62))
        self.assertEqual(await follow(answer["ticket"]), answer)

    async def test_tickets(self) -> None:
        """A check that nobody knows any more is NotFound; only a few are remembered."""
        first = await self.accounts.audit_log.follow()
        for _ in range(audit_log.CHECKS):
            await self.accounts.audit_log.follow()
        for ticket in (first["ticket"], "nothing"):
            await self.refused(self.accounts.audit_log.follow(ticket), NotFound)
