"""The boot loader of the tests is one: it answers as chips did whose bytes people recorded."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.flashing.rom import ESP32, ESP32_S3, Rom, Unframer, framed

SYNC = bytes.fromhex("07071220") + b"\x55" * 32


def asked(command: int, body: bytes = b"", value: int = 0) -> bytes:
    """A request as esptool frames it."""
    header = bytes([0, command]) + len(body).to_bytes(2, "little") + value.to_bytes(4, "little")
    return framed(header + body)


def answers(rom: Rom, request: bytes) -> list[str]:
    """What it says, packet by packet, in hex."""
    return [each.hex() for each in Unframer().feed(rom.hear(request))]


class RecordedTests(SynchronousTestCase):
    """Exchanges that stand in issues of espressif/esptool and esptool-js, byte by byte."""

    def test_sync_of_esp32(self) -> None:
        """An ESP32 answers SYNC eight times (issue 698)."""
        said = answers(Rom(ESP32), asked(0x08, SYNC))
        self.assertEqual(said, ["010804000720555500000000"] * 8)

    def test_sync_of_later_chips(self) -> None:
        """Others repeat the first four bytes of it (esptool-js, issue 135)."""
        said = answers(Rom(ESP32_S3), asked(0x08, SYNC))
        self.assertEqual(said, ["010804000707122000000000"] * 8)

    def test_what_chip_it_is(self) -> None:
        """The register that tells an ESP32 from others (issue 921)."""
        request = bytes.fromhex("c0000a04000000000000100040c0")
        self.assertEqual(answers(Rom(ESP32), request), ["010a0400831df00000000000"])

    def test_address_of_the_chip(self) -> None:
        """The register of its MAC (issue 570)."""
        request = bytes.fromhex("c0000a04000000000004a0f53fc0")
        self.assertEqual(answers(Rom(ESP32), request), ["010a040084d87a2800000000"])

    def test_value_stays(self) -> None:
        """Answers of the ROM carry the value of the register that was read last (issues 570,
        921)."""
        rom = Rom(ESP32)
        answers(rom, asked(0x0A, bytes.fromhex("04a0f53f")))
        request = bytes.fromhex("c000051000000000" "00440c0000010000000018000000f00940" "c0")
        self.assertEqual(answers(rom, request), ["0105040084d87a2800000000"])
        request = bytes.fromhex("c0000f080000000000c4ce060000000000c0")
        self.assertEqual(answers(rom, request), ["010f040084d87a2800000000"])

    def test_block_for_the_flasher(self) -> None:
        """The flasher has two bytes of status and no value (issue 613)."""
        rom = Rom(ESP32)
        answers(rom, asked(0x06, bytes(8)))
        answers(rom, asked(0x10, bytes.fromhex("04000000010000000040000000000000")))
        block = bytes.fromhex("789c0b0000009c003c")[:4]
        check = 0xEF
        for byte in block:
            check ^= byte
        body = len(block).to_bytes(4, "little") + bytes(12) + block
        self.assertEqual(answers(rom, asked(0x11, body, check)), ["01110200000000000000"])


class ProtocolTests(SynchronousTestCase):
    """What the description of the protocol says."""

    def test_frames(self) -> None:
        """Whatever pieces a frame comes in, with both bytes that are escaped."""
        packet = bytes([1, 0xC0, 2, 0xDB, 0xDC, 3])
        for size in range(1, 12):
            unframer, wire, got = Unframer(), b"noise" + framed(packet) * 2, []
            for at in range(0, len(wire), size):
                got += unframer.feed(wire[at:at + size])
            self.assertEqual(got, [packet, packet])

    def test_checksum(self) -> None:
        """A block with another checksum is refused."""
        rom = Rom(ESP32)
        answers(rom, asked(0x05, bytes(16)))
        said = answers(rom, asked(0x07, (4).to_bytes(4, "little") + bytes(12) + b"abcd", 1))
        self.assertEqual(said, ["010704000000000001070000"])

    def test_unknown_command(self) -> None:
        """The ROM says that it does not know a command, the ESP32's that of security too."""
        for command in (0x14, 0xD0, 0x77):
            self.assertEqual(answers(Rom(ESP32), asked(command))[0][-8:], "01050000")

    def test_flash_is_a_flash(self) -> None:
        """What is written without being erased is mixed with what was there."""
        rom = Rom(ESP32)
        rom.flash[0:4] = b"\x0f\x0f\x0f\x0f"
        rom._program(b"\xf3\xf3\xf3\xf3")
        self.assertEqual(rom.flash[:4], b"\x03\x03\x03\x03")
