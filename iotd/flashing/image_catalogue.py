"""Which image of MicroPython a chip gets: its name, where it is, and the SHA-256 it must have.

micropython.org tells no checksums. Those below stand in public repositories, of people who
downloaded the same file from there; ``seen`` says where. A chip that is not here has none that
anybody told: a person brings its image.
"""

from __future__ import annotations

from dataclasses import dataclass

_SITE = "https://micropython.org"


@dataclass(frozen=True)
class Pinned:
    """One build: ``chip`` as esptool names it, ``date`` YYYYMMDD, ``size`` in bytes, ``sha256``
    in hex, ``seen`` the places that tell it."""

    chip: str
    board: str
    date: str
    version: str
    size: int | None
    sha256: str
    seen: str

    @property
    def name(self) -> str:
        """The file's name."""
        return f"{self.board}-{self.date}-v{self.version}.bin"

    @property
    def url(self) -> str:
        """Where the file is."""
        return f"{_SITE}/resources/firmware/{self.name}"


PINNED = (
    Pinned(
        "esp32", "ESP32_GENERIC", "20260824", "1.29.0", 1_790_544,
        "e67ad6015a0a504c1fec9aa9bbf589d0432ed28e62546f4f8dd8a147f8bd95f6",
        "five repositories, one of them songdocomputerpark-lang/ai-physical-computing",
    ),
    Pinned(
        "esp32s3", "ESP32_GENERIC_S3", "20260824", "1.29.0", 1_783_296,
        "1dd9dcd27ba2d6a1cb7f7b49a063f46d3d807d68b0151161233920228285e300",
        "two repositories: a catalogue of firmware in Rust, a log of a LILYGO T-Deck Pro",
    ),
    Pinned(
        "esp32c3", "ESP32_GENERIC_C3", "20260824", "1.29.0", 1_754_736,
        "bf72ed9eb88ad3a8f49d02c3d371f9ea34c90a8a303aeb9e324d8efd4a2a655a",
        "three repositories: the same catalogue, AI-Passport, UFO-ESP",
    ),
    Pinned(
        "esp32c6", "ESP32_GENERIC_C6", "20260406", "1.28.0", None,
        "d338042d2dd87a00dad2163071f44bf67da1401e1d1d0686f2bb2e336e78f0e6",
        "Robota-LLC/Warblet-IoT, whose digest of the ESP32's image ten others tell as well",
    ),
    Pinned(
        "esp32c5", "ESP32_GENERIC_C5", "20260406", "1.28.0", None,
        "ab605cb138e2abc7f179469a08e37b4b8050975268dc481594abba4ed1b33567",
        "Robota-LLC/Warblet-IoT, as for the ESP32-C6",
    ),
    Pinned(
        "esp32s2", "ESP32_GENERIC_S2", "20240602", "1.23.0", None,
        "b761310dd6d2e0567ba344994eeaf7e144d07656a29bc2f29839e9aad336dd89",
        "a Nix flake that downloads it, whose digests of S3 and C3 another repository tells too",
    ),
)


def page_of(chip: str) -> str:
    """Where a person finds images for a chip, newer ones too."""
    variant = chip.removeprefix("esp32").upper()
    return f"{_SITE}/download/ESP32_GENERIC{'_' if variant else ''}{variant}/"


def pinned_for(chip: str) -> Pinned | None:
    """The image a chip gets, or None for a chip without one."""
    return next((each for each in PINNED if each.chip == chip), None)


def pinned_as(name: str) -> Pinned | None:
    """The image of a file name, or None for one that is not here."""
    return next((each for each in PINNED if each.name == name), None)
