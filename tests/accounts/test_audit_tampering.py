"""Whatever is done to the audit by who has the database but not the key is found."""

from __future__ import annotations

import math
from random import Random
from typing import Any, Callable

from sqlalchemy import delete, insert, update

from iotd.accounts import audit_records as records
from iotd.accounts.audit_chain import ERASED, Head, Row, digest_of, new_salt
from iotd.accounts.audit_erasing import erase_account
from iotd.accounts.audit_records import audit
from iotd.store.records import get_fact, put_fact
from tests.accounts.audit_room import BY, AuditTest, checked, fill, rows_of
from tests.databases import both

TRIES = {"sqlite": 1000, "mariadb": 300}
TEXTS = ("who", "action", "subject", "detail", "address", "result", "patient")
SEALS = {"salt": 32, "digest": 64, "chain": 64}


class Forger:
    """Does one thing at random to a table, as somebody with an SQL prompt could."""

    def __init__(self, db: Any, seed: int) -> None:
        self.db, self.random = db, Random(seed)
        self.rows = rows_of(db)

    def set(self, row: int, /, **values: Any) -> None:
        """Change a row by its id."""
        self.db.execute(update(audit).where(audit.c.id == row).values(**values))

    def edit(self, column: str) -> None:
        """Another value in one cell."""
        row = self.random.choice(self.rows)
        self.set(row.id, **{column: self.other(row, column)})

    def other(self, row: Row, column: str) -> Any:
        """A value that the cell has not."""
        value = getattr(row, column)
        if column == "at":
            return self.random.choice((math.nextafter(value, 0), value - 60.0, -value, 0.0))
        if column == "erased":
            return not value
        if column in SEALS:
            others = [getattr(each, column) for each in self.rows]
            others += [None, self.random.randbytes(SEALS[column] // 2).hex()]
        else:
            others = [getattr(each, column) or "" for each in self.rows]
            others += [f"{value} ", str(value).upper(), "eve"]
        return self.random.choice([each for each in others if each != value])

    def edit_and_seal(self) -> None:
        """Another value with a new salt and a digest that fits."""
        row = self.random.choice(self.rows)
        column = self.random.choice(TEXTS)
        cell: Any = {column: self.other(row, column) or ""}
        new = row._replace(**cell, salt=new_salt())
        self.set(row.id, **new._replace(digest=digest_of(new))._asdict())

    def remove(self) -> None:
        """Some rows that follow each other."""
        first = self.random.choice(self.rows).id
        last = first + self.random.randrange(4)
        self.db.execute(delete(audit).where(audit.c.id.between(first, last)))

    def cut(self) -> None:
        """The newest rows, perhaps all."""
        first = self.random.choice(self.rows).id
        self.db.execute(delete(audit).where(audit.c.id >= first))

    def close_gap(self) -> None:
        """Take one out and let all after it move up."""
        gone = self.random.choice(self.rows[:-1])
        self.db.execute(delete(audit).where(audit.c.id == gone.id))
        for row in self.rows:
            if row.id > gone.id:
                self.set(row.id, id=row.id - 1)

    def swap_ids(self, *ids: int) -> None:
        """Two rows change places."""
        one, other = ids or (row.id for row in self.random.sample(self.rows, 2))
        self.set(one, id=0x7FFF)
        self.set(other, id=one)
        self.set(0x7FFF, id=other)

    def swap_texts(self) -> None:
        """What two rows say changes places."""
        one, other = self.random.sample(self.rows, 2)
        if one[1:9] == other[1:9]:
            return self.swap_ids()
        for here, there in ((one, other), (other, one)):
            self.set(here.id, **dict(zip(Row._fields[1:9], there[1:9])))

    def put_in(self) -> None:
        """A row at either end, or in place of another: a copy, one with a digest, or bare."""
        row = self.random.choice(self.rows)
        new = row._replace(who="eve", salt=new_salt(), erased=False)
        new = self.random.choice((row, new._replace(digest=digest_of(new)),
                                  new._replace(salt=None, digest=None, chain=None)))
        id = self.random.choice((-1, 0, self.rows[-1].id + 1, self.rows[-1].id + 9))
        self.db.execute(insert(audit), [new._replace(id=id)._asdict()])

    def erase(self) -> None:
        """Mark a row as erased, as the program does but without its key."""
        row = self.random.choice([each for each in self.rows if not each.erased])
        self.set(row.id, who=ERASED, salt=self.random.choice((None, new_salt())), erased=True)

    def all_acts(self) -> list[Callable[[], Any]]:
        """One of each, each column among them."""
        columns = [*Row._fields[1:]]
        edits: list[Callable[[], Any]] = [lambda c=c: self.edit(c) for c in columns]  # type: ignore
        return [*edits, self.edit_and_seal, self.remove, self.cut, self.close_gap, self.swap_ids,
                self.swap_texts, self.put_in, self.erase]


@both
class ForgeryTests(AuditTest):
    """A thousand of them (MariaDB: three hundred), and those that need a plan."""

    def setUp(self) -> None:
        super().setUp()
        self.past()

    def found(self, act: Callable[[], Any], kept: Head | None = None) -> list[str]:
        """What the check says after it; then it is undone."""
        with self.db.begin_nested() as undone:
            act()
            said = [fault.what for fault in checked(self.db, kept, page=50).faults]
            undone.rollback()
        return said

    def test_thousand(self) -> None:
        """Edits of each column, removals, reorderings, insertions and cuts are all found."""
        forger, before = Forger(self.db, 1), rows_of(self.db)
        acts = forger.all_acts()
        missed = [number for number in range(TRIES[self.dialect])
                  if not self.found(acts[number % len(acts)])]
        self.assertEqual(missed, [])
        self.assertEqual(rows_of(self.db), before)
        self.must_be_whole(len(before))

    def test_head_of_before(self) -> None:
        """Newest rows cut off, with the head that the database had then: the file finds it."""
        text, length = get_fact(self.db, records.HEAD), self.kept.id

        def act() -> None:
            self.db.execute(delete(audit).where(audit.c.id > length))
            put_fact(self.db, records.HEAD, str(text))

        fill(self.db, 5, 40)
        later = self.head()
        self.assertEqual(self.found(act), [])
        rows = f"rows {length + 1}–{later.id} are missing, at the end"
        self.assertEqual(self.found(act, later), [f"{rows}, says the file beside the database"])

        def act_and_go_on() -> None:
            act()
            fill(self.db, 9, 60)

        self.assertEqual(self.found(act_and_go_on, later), [
            f"row {later.id} is another than the file beside the database knows: the log was cut,"
            " or is an older copy, and went on"])

    def test_erased_row_comes_back(self) -> None:
        """What an erased row said can't be put back, nor what is left of it changed."""
        bob = next(row for row in rows_of(self.db) if row.erased)
        for values in ({"subject": "carl"}, {"detail": "labs"}, {"address": "10.9.9.9"}):
            self.assertEqual(
                self.found(lambda: Forger(self.db, 1).set(bob.id, **values)),
                [f"row {bob.id} was changed after it was erased"],
            )
        self.assertEqual(
            self.found(lambda: Forger(self.db, 1).set(bob.id, erased=False, salt=new_salt())),
            [f"row {bob.id} was erased and says something again"],
        )

    def test_first_erasure_again(self) -> None:
        """A row from which two people were erased can't go back to when it was only one."""
        db = self.db
        before = {row.id: row for row in rows_of(db)}
        records.write_audit(db, 1.0, "eve", "share", "p1", "doctor fay")
        erase_account(db, BY, "eve")
        (once,) = [row for row in rows_of(db) if row.erased and row.id not in before]
        erase_account(db, BY, "fay")
        self.must_be_whole(len(before) + 3)
        self.assertEqual(
            self.found(lambda: Forger(db, 1).set(once.id, salt=once.salt, detail=once.detail)),
            [f"row {once.id} was changed after it was erased"],
        )

    def test_sentences(self) -> None:
        """The first thing that is wrong is told as what it is."""
        forger = Forger(self.db, 1)

        def gone(first: int, last: int) -> Callable[[], Any]:
            return lambda: self.db.execute(delete(audit).where(audit.c.id.between(first, last)))

        def swap(one: int, other: int) -> Callable[[], Any]:
            return lambda: forger.swap_ids(one, other)

        end, fifth = self.kept.id, forger.rows[4]
        for act, said in (
            (lambda: forger.set(5, detail="x"), "row 5 was changed"),
            (lambda: forger.set(5, at=0.0), "row 5 was changed"),
            (lambda: forger.set(5, chain="0" * 64),
             "row 5 does not follow the row before it: it was changed or put in"),
            (lambda: forger.set(5, chain=None), "row 5 was put in, or its link was taken away"),
            (gone(1, 3), "rows 1–3 are missing"),
            (gone(8, 8), "row 8 is missing"),
            (gone(end - 2, end), f"rows {end - 2}–{end} are missing, at the end"),
            (gone(1, end), f"rows 1–{end} are missing, at the end"),
            (swap(4, 5), "rows 4 and 5 changed places"),
            (swap(3, 20), "rows 3 and 20 changed places"),
            (lambda: self.db.execute(insert(audit), [fifth._replace(id=end + 1)._asdict()]),
             f"row {end + 1} came after the log's end"),
            (lambda: put_fact(self.db, records.HEAD, f"{end - 1} 3 {'0' * 64} {'0' * 64}"),
             "what the database says of the log's end was changed"),
        ):
            found = self.found(act)
            self.assertEqual(found[0], said)
            self.assertLessEqual(len(found), 2, found)
        self.assertEqual(self.found(lambda: None, Head()),
                         ["the file beside the database was changed"])
        self.assertEqual(self.found(lambda: None, self.kept), [])

    def test_written_on(self) -> None:
        """After the head was tampered with rows are written, and where it was is told for ever."""
        last = self.kept.id
        put_fact(self.db, records.HEAD, "nonsense")
        fill(self.db, 5, 50)
        self.assertEqual(self.said(),
                         [f"before row {last + 1} the log's end was lost: rows may be missing"])
        self.db.execute(delete(audit).where(audit.c.id > last + 2))
        fill(self.db, 5, 60)
        self.assertIn(f"rows {last + 3}–{last + 5} are missing", self.said())
