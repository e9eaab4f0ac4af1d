"""Barcodes off JPEG and PNG pictures, by the worker."""

from __future__ import annotations

import io

import zxingcpp
from PIL import Image

from tests.cabinet.vision import CounterTest

CODES = (
    ("EAN13", "4006381333931"), ("EAN8", "96385074"), ("UPCA", "012345678905"),
    ("Code128", "IOTD-1"), ("QRCode", "shelf 1, left"),
)


def photo(codes: list[tuple[str, str]], format: str = "JPEG") -> bytes:
    """Barcodes below each other on a grey ground."""
    whole = Image.new("RGB", (500, 40 + 200 * len(codes)), (200, 200, 195))
    for at, (kind, text) in enumerate(codes):
        code = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind))
        image = Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=3))
        whole.paste(image.convert("RGB"), (50, 20 + 200 * at))
    out = io.BytesIO()
    whole.save(out, format)
    return out.getvalue()


class Barcodes(CounterTest):
    """What is read."""

    async def test_all_kinds(self) -> None:
        """Each kind on packages gives its text, from JPEG and PNG; UPC as EAN, with a 0 first."""
        counter = self.counter()
        for format in ("JPEG", "PNG"):
            for code in CODES:
                text = code[1].rjust(13, "0") if code[0] == "UPCA" else code[1]
                self.assertEqual(await counter.barcodes(photo([code], format)), [text])

    async def test_several(self) -> None:
        """Two on one picture are both read, the same one twice is told once."""
        read = await self.counter().barcodes(photo([CODES[0], CODES[4], CODES[0]]))
        self.assertEqual(sorted(read), sorted([CODES[0][1], CODES[4][1]]))

    async def test_wrong_check_digit(self) -> None:
        """A damaged code is not read as another one."""
        whole = Image.open(io.BytesIO(photo([CODES[0]])))
        whole.paste((200, 200, 195), (150, 0, 250, 250))
        out = io.BytesIO()
        whole.save(out, "JPEG")
        self.assertEqual(await self.counter().barcodes(out.getvalue()), [])
