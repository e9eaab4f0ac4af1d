"""Barcodes off a picture held close to the camera; runs in the vision worker."""

from __future__ import annotations

from typing import Any

import zxingcpp

# what stands on packages, and QR for labels of one's own
FORMATS = zxingcpp.BarcodeFormats([
    zxingcpp.BarcodeFormat.EAN13, zxingcpp.BarcodeFormat.EAN8, zxingcpp.BarcodeFormat.UPCA,
    zxingcpp.BarcodeFormat.UPCE, zxingcpp.BarcodeFormat.Code128, zxingcpp.BarcodeFormat.QRCode,
])


def read_barcodes(bgr: Any) -> list[str]:
    """The texts of all barcodes on a picture, each once, in reading order; at most 32.

    UPC comes as the thirteen digits of EAN, with a 0 before it: the same number.
    """
    found = zxingcpp.read_barcodes(bgr, formats=FORMATS, text_mode=zxingcpp.TextMode.Plain)
    return list(dict.fromkeys(code.text for code in found if code.valid and code.text))[:32]
