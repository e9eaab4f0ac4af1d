"""The campus office: everything that is done with the register, built in one place."""

from __future__ import annotations

from pathlib import Path

from iotd.campus.codes import Codes
from iotd.campus.desk import Desk
from iotd.campus.edits import Edits
from iotd.campus.erasing import Erasing
from iotd.campus.register import Register
from iotd.campus.register_import import Imports, InThread
from iotd.campus.register_search import Search
from iotd.campus.registrations import Registrations

CODES = b"campus codes"  # what the codes' key is derived for


class Office:
    """``code_key`` is ``sealer.derive(CODES)``; ``registration_days`` 0 is for ever;
    ``backups`` the folder in which the store keeps its own."""

    def __init__(
        self, *, register: Register, in_thread: InThread, code_key: bytes, registration_days: int,
        backups: Path,
    ) -> None:
        self.register, self.in_thread = register, in_thread
        self.search, self.edits = Search(register), Edits(register)
        self.codes = Codes(register, code_key)
        self.registrations = Registrations(register, self.codes, registration_days)
        self.imports = Imports(register, in_thread)
        self.erasing = Erasing(register, in_thread, backups)
        self.desk = Desk(self)
