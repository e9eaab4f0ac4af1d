"""The offline log: what a gate saw, on flash, the newest few hundred kilobytes of it.

Files are only appended to, a batch at a time, and the oldest is removed whole: on
littlefs a change within a file copies all that follows, and each write costs an
erased block. What is not yet on flash is in ``tail``, and is told from there.
"""

import os

from ring_files import finish_repairs, numbers, repair
from segment import BOOT, HEAD, MARK, Segment, boot_record, framed, mark_record

SEGMENT_BYTES = 16384
#: Half a flash block: what waits in memory at most while all is well.
TAIL_BYTES = 2048
#: Where the flash takes nothing more the oldest of the tail goes.
MOST_TAIL_BYTES = 8192


class Ring:
    """One log in ``folder``, at most ``segments`` files; ``boot`` is who speaks now.

    take() gives what was not told yet, done() says that it was; between the two nothing
    moves on flash. ``seq_of(message)`` gives its number.
    """

    def __init__(self, folder: str, boot: str, seq_of, segments: int = 32,
                 segment_bytes: int = SEGMENT_BYTES, say=print):
        self._folder = folder
        self._boot = boot
        self._seq_of = seq_of
        self._most = segments
        self._segment_bytes = segment_bytes
        self._say = say
        self._tail = []
        self._told = 0  # of the tail's records
        self._out = None
        self._carries = False
        self._fault = ""
        #: More than this should not wait in memory.
        self.full_bytes = TAIL_BYTES
        #: Batches written to flash since power-on.
        self.writes = 0
        self._recover()

    # ---- in

    def append(self, message: bytes) -> None:
        """Put it in; flush() brings it onto flash."""
        if not self._spoke:
            self._tail.append(boot_record(self._boot))
            self._spoke = True
        self._tail.append(message)
        while self.tail_bytes > MOST_TAIL_BYTES and self._out is None:
            self._shorten()

    @property
    def tail_bytes(self) -> int:
        """What waits in memory to be written."""
        return sum(len(record) + HEAD for record in self._tail)

    @property
    def busy(self) -> bool:
        """Whether something is being told: nothing can be written now."""
        return self._out is not None

    def flush(self) -> bool:
        """Write the tail, and how far all was told; whether nothing waits any more."""
        if self._out is not None or not (self._tail or self._moved):
            return not self._tail
        try:
            self._make_room()
            self._write()
        except OSError as problem:
            self._failed(problem)
            return False
        self._fault = ""
        return True

    # ---- out

    def take(self, most: int) -> list:
        """Up to ``most`` untold messages, oldest first, as (boot, message)."""
        found, at, boot = [], self._at, self._at_boot
        for segment in self._segments:
            start = at[1] if segment.number == at[0] else 0
            if segment.number < at[0] or start == segment.size or len(found) == most:
                continue
            for boot, message, end in self._read(segment, start, boot, most - len(found)):
                found.append((boot, message))
                at = (segment.number, end)
            if len(found) < most:
                at = (segment.number, segment.size)
        told = self._told
        if len(found) < most:
            told, boot = self._take_tail(found, most, boot)
        self._out = (at, boot, told)
        self._carries = bool(found)
        return found

    def done(self, well: bool = True) -> None:
        """What take() gave was told; or was not, and is given again."""
        if well and self._out is not None:
            # A step over the mark alone is worth no further mark
            self._moved = self._moved or self._carries
            self._at, self._at_boot, self._told = self._out
        self._out = None

    def find(self, boot: str, low: int, high: int, most: int) -> list:
        """Up to ``most`` messages of that boot from ``low`` to ``high``, told or not."""
        def wanted(name: str, message: bytes) -> bool:
            return name == boot and low <= self._seq_of(message) <= high

        found = []
        for segment in self._segments:
            if segment.holds(boot, low, high) and len(found) < most:
                found.extend(message for _, message, _ in self._read(
                    segment, 0, "", most - len(found), wanted))
        found.extend(record for record in self._tail
                     if record[0] not in (BOOT, MARK) and wanted(self._boot, record))
        return found[:most]

    def _read(self, segment, offset: int, boot: str, most: int, wanted=None) -> list:
        try:
            return segment.messages(offset, boot, segment.size, most, wanted)
        except OSError as problem:
            self._tell(problem)  # what can't be read any more must not stop the rest
            return []

    def _take_tail(self, found: list, most: int, boot: str) -> tuple:
        told = self._told
        while told < len(self._tail) and len(found) < most:
            record = self._tail[told]
            told += 1
            if record[0] not in (BOOT, MARK):
                boot = self._boot
                found.append((boot, record))
        return told, boot

    def _write(self) -> None:
        segment = self._segments[-1]
        ours = sum(len(record) + HEAD for record in self._tail[:self._told])
        behind = self._told or self._at == (segment.number, segment.size)
        at = (segment.number, segment.size + ours) if behind else self._at
        records = list(self._tail)
        if self._moved:
            records.append(mark_record(at[0], at[1]))
        data = b"".join(framed(record) for record in records)
        with open(segment.path, "ab") as file:
            file.write(data)
        self.writes += 1
        segment.size += len(data)
        for record in self._tail:
            if record[0] not in (BOOT, MARK):
                segment.note(self._boot, self._seq_of(record))
        if self._told:
            self._at_boot = self._boot
        self._at, self._tail, self._told, self._moved = at, [], 0, False

    # ---- room

    def _make_room(self) -> None:
        """A new file when the last one is full, and the oldest away."""
        last = self._segments[-1] if self._segments else None
        if last is not None and last.size + self.tail_bytes <= self._segment_bytes:
            return
        fresh = Segment(self._folder, last.number + 1 if last is not None else 1)
        with open(fresh.path, "wb"):
            pass
        if last is None or self._at == (last.number, last.size):
            self._at = (fresh.number, 0)
        self._segments.append(fresh)
        if self._tail and self._tail[0][0] != BOOT:
            self._tail.insert(0, boot_record(self._boot))
            self._told += 1 if self._told else 0
        self._moved = True  # a mark in every file: the others go away
        while len(self._segments) > self._most:
            self._remove_oldest()

    def _remove_oldest(self) -> None:
        oldest = self._segments.pop(0)
        os.remove(oldest.path)
        if self._at[0] == oldest.number:
            if self._at[1] < oldest.size:
                self._say("ring: too long offline, the oldest messages are lost")
            self._at, self._at_boot = (self._segments[0].number, 0), ""

    def _shorten(self) -> None:
        """The flash takes nothing: what is oldest in memory goes."""
        at = 1 if self._tail[0][0] == BOOT and len(self._tail) > 1 else 0
        self._tail.pop(at)
        self._told -= 1 if self._told > at else 0

    def _failed(self, problem) -> None:
        self._tell(problem)
        try:
            if self._segments:
                repair(self._segments[-1])
            if len(self._segments) > 1:
                self._remove_oldest()  # a full flash: the oldest of ours is the first to go
        except OSError:
            pass  # tried again with the next batch

    def _tell(self, problem) -> None:
        if str(problem) != self._fault:
            self._fault = str(problem)
            self._say("ring: {}: told from memory only".format(repr(problem)))

    # ---- after power-on

    def _recover(self) -> None:
        finish_repairs(self._folder)
        self._segments = [Segment(self._folder, number) for number in numbers(self._folder)]
        mark = None
        for segment in self._segments:
            mark = segment.scan(self._seq_of) or mark
        if self._segments:
            repair(self._segments[-1])
        self._spoke = self._moved = False
        self._find_place(mark)

    def _find_place(self, mark) -> None:
        """Where telling goes on: at the last mark that was written."""
        known = {segment.number: segment for segment in self._segments}
        if mark is None or mark[0] not in known:
            mark = (self._segments[0].number, 0) if self._segments else (0, 0)
        self._at, self._at_boot = mark, ""
        if mark[0] in known:
            segment = known[mark[0]]
            self._at = (mark[0], min(mark[1], segment.size))
            self._at_boot = segment.boot_at(self._at[1])
