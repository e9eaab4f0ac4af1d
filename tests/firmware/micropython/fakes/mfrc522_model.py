"""A badge reader and the cards before it, written from the data sheet and from ISO 14443-3.

They run in the VM and under CPython alike.
"""


def crc(data) -> bytes:
    """CRC_A by long division, a bit at a time."""
    value = 0x6363
    for byte in data:
        for bit in range(8):
            one = (value ^ byte >> bit) & 1
            value = value >> 1 ^ (0x8408 if one else 0)
    return bytes([value & 0xFF, value >> 8])


def bits_of(data, count=None) -> list:
    """Low bit first, as they are sent."""
    bits = [byte >> bit & 1 for byte in data for bit in range(8)]
    return bits if count is None else bits[:count]


class Card:
    """One card: idle, ready on some level, selected, or halted."""

    def __init__(self, uid: bytes):
        self.uid = uid
        self.state = "idle"
        self.level = 0
        parts = []
        rest = uid
        while len(rest) > 4:
            parts.append(b"\x88" + rest[:3])
            rest = rest[3:]
        parts.append(rest)
        self.parts = [part + bytes([part[0] ^ part[1] ^ part[2] ^ part[3]]) for part in parts]

    def hear(self, bits: list):
        """The bits of its answer, or None."""
        if self.state == "halted":
            return None  # until it is taken away
        if bits == bits_of(b"\x26", 7):
            self.state, self.level = "ready", 0
            return bits_of(bytes([len(self.parts) - 1 << 6 | 4, 0]))
        data = bytes(sum(bits[at + bit] << bit for bit in range(8) if at + bit < len(bits))
                     for at in range(0, len(bits), 8))
        if data == b"\x50\x00" + crc(b"\x50\x00"):
            self.state = "halted" if self.state == "selected" else "idle"
            return None
        if self.state != "ready" or data[0] != 0x93 + 2 * self.level:
            self.state = "idle"
            return None
        return self._select(data, bits)

    def _select(self, data: bytes, bits: list):
        part = self.parts[self.level]
        if data[1] == 0x70:
            if data[2:7] != part or data[7:9] != crc(data[:7]):
                self.state = "idle"
                return None
            last = self.level == len(self.parts) - 1
            self.level += 1
            self.state = "selected" if last else "ready"
            sak = bytes([0x08 if last else 0x04])
            return bits_of(sak + crc(sak))
        known = ((data[1] >> 4) - 2) * 8 + (data[1] & 7)
        own = bits_of(part)
        return own[known:] if bits[16:16 + known] == own[:known] else None


class Field:
    """The cards that are held up now."""

    def __init__(self):
        self.cards = []

    def hold(self, uids: list) -> None:
        """These and no others; a card that was taken away has forgotten what it was told."""
        kept = [card for card in self.cards if card.uid in uids]
        there = [card.uid for card in kept]
        self.cards = kept + [Card(uid) for uid in uids if uid not in there]

    def send(self, bits: list) -> tuple:
        """(bits of the answer, where two cards differ or None); no bits when nobody answers."""
        answers = [answer for answer in (card.hear(bits) for card in self.cards) if answer]
        if not answers:
            return [], None
        for at in range(max(len(answer) for answer in answers)):
            here = set(answer[at] for answer in answers if at < len(answer))
            if len(here) > 1:
                return answers[0], at
        return answers[0], None


class Mfrc522Model:
    """The chip: registers, a FIFO of 64 bytes, one exchange at a time; its select is pin 10."""

    chip_select = 10

    def __init__(self, field_now, dead=lambda: False):
        self._field = field_now
        self._dead = dead
        self._selected = False
        self.exchanges = 0
        self._reset()

    def _reset(self) -> None:
        self.registers = {0x0E: 0x80, 0x14: 0x80, 0x37: 0x92}
        self._fifo = []

    def select(self, pin: int, level: int) -> None:
        """The level of a pin; ours is low while the chip is spoken to."""
        if pin == self.chip_select:
            self._selected = level == 0

    def spi_write(self, data) -> None:
        assert self._selected and len(data) == 2 and not data[0] & 0x81, data
        if not self._dead():
            self._store(data[0] >> 1, data[1])

    def spi_write_readinto(self, out, into) -> None:
        assert self._selected and out[0] & 0x81 == 0x80, out
        into[1] = 0xFF if self._dead() else self._load(out[0] >> 1 & 0x3F)

    def _store(self, register: int, value: int) -> None:
        if register == 0x01 and value == 0x0F:
            self._reset()
        elif register == 0x04:
            # bit 7 clear: those bits that are set here are cleared
            self.registers[4] = self.registers.get(4, 0) & ~value
        elif register == 0x09:
            assert len(self._fifo) < 64
            self._fifo.append(value)
        elif register == 0x0A:
            self._fifo = [] if value & 0x80 else self._fifo
        else:
            self.registers[register] = value
        if register == 0x0D and value & 0x80 and self.registers.get(1) == 0x0C:
            self._exchange(value & 7, value >> 4 & 7)

    def _load(self, register: int) -> int:
        if register == 0x09:
            return self._fifo.pop(0) if self._fifo else 0
        if register == 0x0A:
            return len(self._fifo)
        return self.registers.get(register, 0)

    def _exchange(self, last_bits: int, align: int) -> None:
        self.exchanges += 1
        sent = bits_of(self._fifo)
        if last_bits:
            sent = sent[:len(sent) - 8 + last_bits]
        self._fifo, self.registers[6] = [], 0
        on = self.registers[0x14] & 3 == 3 and self.registers.get(0x15) == 0x40
        answer, collision = self._field().send(sent) if on else ([], None)
        if not answer:
            assert self.registers.get(0x2A, 0) & 0x80, "without a timer it would wait for ever"
            self.registers[4] = 0x01
            return
        if collision is not None:
            answer = answer[:collision] + [0] * (len(answer) - collision)
            self.registers[6] = 0x08
            place = collision + align + 1
            self.registers[0x0E] = 0x20 if place > 32 else place & 0x1F
        received = [0] * align + answer
        self._fifo = [sum(bit << at for at, bit in enumerate(received[start:start + 8]))
                      for start in range(0, len(received), 8)]
        self.registers[4] = 0x20
