"""One file of the ring: records, each behind its length and a check, to be appended to only.

    length(1) crc32(4) record

A record is believed only when its check is right, so a file that a power failure cut, at
whatever byte, or left with rubbish at its end, gives exactly what was whole.
"""

from binascii import crc32

HEAD = 5
#: A record that is not a message: who speaks from here on, or how far all was told.
BOOT, MARK = 0, 1


def framed(record: bytes) -> bytes:
    """The record as it stands in the file; at most 255 bytes."""
    return bytes([len(record)]) + (crc32(record) & 0xFFFFFFFF).to_bytes(4, "big") + record


def next_record(file):
    """The next record of an open file, or None at its end or where it is spoilt."""
    head = file.read(HEAD)
    if len(head) < HEAD or head[0] == 0:
        return None
    record = file.read(head[0])
    if len(record) < head[0] or crc32(record) & 0xFFFFFFFF != int.from_bytes(head[1:], "big"):
        return None
    return record


def boot_record(boot: str) -> bytes:
    """What follows was numbered by this boot."""
    return bytes([BOOT]) + boot.encode()


def mark_record(number: int, offset: int) -> bytes:
    """All before this byte of this file was told."""
    return bytes([MARK]) + number.to_bytes(4, "big") + offset.to_bytes(4, "big")


class Segment:
    """What is known of one file: ``size`` in bytes, ``spans`` of [boot, lowest seq, highest]."""

    def __init__(self, folder: str, number: int):
        self.number = number
        self.path = "{}/{:08d}.log".format(folder, number)
        self.size = 0
        self.spans = []

    def scan(self, seq_of):
        """Read it all; (number, offset) of its last mark, or None."""
        mark, boot = None, ""
        self.size, self.spans = 0, []
        with open(self.path, "rb") as file:
            record = next_record(file)
            while record is not None:
                self.size += HEAD + len(record)
                if record[0] == BOOT:
                    boot = record[1:].decode()
                elif record[0] == MARK:
                    mark = (int.from_bytes(record[1:5], "big"), int.from_bytes(record[5:], "big"))
                else:
                    self.note(boot, seq_of(record))
                record = next_record(file)
        return mark

    def note(self, boot: str, seq: int) -> None:
        """A message of this boot was put in."""
        if not self.spans or self.spans[-1][0] != boot:
            self.spans.append([boot, seq, seq])
        self.spans[-1][2] = seq

    def holds(self, boot: str, low: int, high: int) -> bool:
        """Whether there may be messages of that boot from ``low`` to ``high`` in it."""
        return any(name == boot and first <= high and last >= low
                   for name, first, last in self.spans)

    def messages(self, offset: int, boot: str, end: int, most: int, wanted=None) -> list:
        """(boot, message, offset behind it) of up to ``most`` between the two offsets.

        ``boot`` is who speaks at ``offset``; ``wanted(boot, message)`` chooses.
        """
        found = []
        with open(self.path, "rb") as file:
            file.seek(offset)
            while offset < end and len(found) < most:
                record = next_record(file)
                if record is None:
                    break
                offset += HEAD + len(record)
                if record[0] == BOOT:
                    boot = record[1:].decode()
                elif record[0] != MARK and (wanted is None or wanted(boot, record)):
                    found.append((boot, record, offset))
        return found

    def boot_at(self, offset: int) -> str:
        """Who speaks at this offset."""
        boot, at = "", 0
        with open(self.path, "rb") as file:
            while at < offset:
                record = next_record(file)
                if record is None:
                    break
                at += HEAD + len(record)
                boot = record[1:].decode() if record[0] == BOOT else boot
        return boot
