"""What esptool says when it gives up, as one sentence each that tells the next step."""

from __future__ import annotations

import re

from iotd.errors import Conflict, Invalid, IotdError, NotFound, Unavailable

LAST_LINES = 12  # of its output, kept with a fault
_HOLD = ("hold the button BOOT (or 0), press and release RESET, let go of BOOT, and run this"
         " again")
# the first that is found in what was printed; {port} and groups of the match are filled in
_FAULTS: tuple[tuple[str, type[IotdError], str], ...] = (
    (r"No module named '?esptool", Unavailable,
     "esptool is not installed beside iotd: pip install esptool"),
    (r"Could not open .*(?:Permission denied|Errno 13)", Conflict,
     "You may not use {port}: add yourself to its group, which is dialout on most systems"
     " (sudo usermod -aG dialout $USER), and sign in again."),
    (r"Could not open .*(?:Errno 2\b|No such file|FileNotFoundError)", NotFound,
     "There is no {port}: plug the board in with a cable that carries data, and look again."),
    (r"Could not open .*(?:exclusively lock|Errno 11|Errno 16|busy:|Access is denied)", Conflict,
     "Another program uses {port}: close it (a serial monitor, Thonny, a second flash) and run"
     " this again."),
    (r"Could not open", Unavailable, "{port} can't be opened: unplug the board, plug it in, and"
     " run this again."),
    (r"This chip is (ESP\S+), not (ESP[^\s.]+)", Conflict,
     "The chip on {port} is an {0}, not an {1}: nothing was written."),
    (r"is not an (ESP\S+) image", Invalid,
     "The image is not for an {0}, which is the chip on {port}: nothing was written."),
    (r"requires chip revision ([^(\n]+?) \(this chip is revision v?([\d.]+)\)", Invalid,
     "The image needs a chip of revision {0}, and the one on {port} is of {1}: nothing was"
     " written."),
    (r"will not fit in (\d+) bytes of flash", Invalid,
     "The image does not fit into the board's flash of {0} bytes: nothing was written."),
    (r"Secure Boot V1 detected|flash encryption|Flash encryption|Secure Download Mode is", Conflict,
     "The board on {port} is locked by its maker (secure boot or encrypted flash): it takes no"
     " other firmware."),
    (r"MD5 of file does not match|written flash region is empty|Digest mismatch", Unavailable,
     "What stands in the board's flash is not what was sent: run this again with another cable;"
     " if it happens again, its flash is worn out."),
    (r"device disconnected|Errno 5\b|Errno 6\b|Errno 19\b|Lost connection|serial exception"
     r"|device reports readiness|Could not configure port|Write timeout", Unavailable,
     "The connection to {port} broke: plug the cable in firmly and run this again; until an"
     " image is written whole the board does not start."),
    (r"Wrong boot mode detected", Conflict,
     "The board on {port} runs its program instead of waiting for an image: " + _HOLD + "."),
    (r"TX path seems to be down", Conflict,
     "The board on {port} is heard and does not hear: try another cable or USB socket."),
    (r"Failed to connect[^\n]*(?:No serial data received|Timed out)", Conflict,
     "Nothing answers on {port}: " + _HOLD + "; and use a cable that carries data."),
    (r"Failed to connect", Conflict,
     "What comes from {port} is no answer of an ESP32's boot loader: " + _HOLD + "."),
    (r"Failed to start stub flasher", Unavailable,
     "The board on {port} did not start its flasher: unplug it, plug it in, and run this again."),
    (r"Failed to (?:write|enter|leave|calculate|erase|configure|set|read|get)[^\n]*", Unavailable,
     "The board on {port} did not take what it was sent: run this again with another cable; until"
     " an image is written whole the board does not start."),
    # it stumbles over some answers that it did not expect
    (r"Traceback \(most recent call last\)", Unavailable,
     "The answers of the board on {port} are garbled: use another cable or USB socket, and run"
     " this again."),
    (r"Serial data stream stopped|No serial data received|Packet content transfer stopped"
     r"|stopped responding|No more data to read|Invalid (?:head of packet|SLIP escape)"
     r"|Response doesn't match|Guru Meditation", Unavailable,
     "The board on {port} stopped answering: use a shorter cable at the computer itself, and run"
     " this again; until an image is written whole the board does not start."),
)


def fault(said: str, port: str) -> IotdError:
    """The error of what esptool printed; ``extra["detail"]`` holds its last lines."""
    detail = last_lines(said)
    # its notes and warnings on the way there are of no account
    why = said[max(said.rfind("ERROR:"), said.rfind("Traceback (most"), 0):]
    for pattern, kind, sentence in _FAULTS:
        found = re.search(pattern, why, re.S)
        if found:
            groups = [(each or "").rstrip(".") for each in found.groups()]
            return kind(sentence.format(*groups, port=port), "port", detail=detail)
    last = detail.splitlines()[-1] if detail else "it printed nothing"
    return Unavailable(f"esptool failed on {port}: {last[:200]}", "port", detail=detail)


def last_lines(said: str) -> str:
    """The end of what it printed, without its progress bars."""
    lines = [each.rstrip() for each in said.splitlines() if each.strip()]
    kept = [each for each in lines if not each.startswith("Writing at")]
    return "\n".join(kept[-LAST_LINES:])
