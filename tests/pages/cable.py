"""A USB cable for pages: the browser's list of ports has one, and at its end is a chip in its boot
loader, then a real MicroPython."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.firmware.vm import ready_node
from tests.flashing.rom import Rom

BRIDGE = Path(__file__).resolve().parents[1] / "flashing" / "vm_bridge.mjs"
#: The port as a page sees it; every piece goes over a function that the test exposes.
PORT = """(() => {
  const text = (bytes) => btoa(String.fromCharCode(...bytes));
  const bytes = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  let asked = 0, opened = 0;
  const port = Object.assign(new EventTarget(), {
    readable: null, writable: null,
    getInfo: () => ({ usbVendorId: 0x303a, usbProductId: 0x1001 }),
    setSignals: async () => {},
    async open() {
      if (!opened++) throw new DOMException("Failed to open serial port.", "NetworkError");
      let timer, hear = () => {};
      const ask = async (sent) => { const said = bytes(await window.cable(sent)); if (said.length) hear(said); };
      this.readable = new ReadableStream({
        start(controller) {
          hear = (said) => controller.enqueue(said);
          timer = setInterval(() => ask(""), 40);
        },
        cancel() { clearInterval(timer); hear = () => {}; },
      });
      this.writable = new WritableStream({ write: (piece) => ask(text(piece)) });
    },
    async close() { this.readable = this.writable = null; },
  });
  const requestPort = async () => {
    if (!asked++) throw new DOMException("No port selected by the user.", "NotFoundError");
    return port;
  };
  Object.defineProperty(navigator, "serial", { value: { requestPort } });
})()"""  # noqa: E501


class Cable:
    """``plug(page)`` before the page is opened; ``resets`` counts how often the board was.

    What can slip does so once: at first no port is chosen, then another program has it open.
    ``rom`` is the chip as long as nothing that runs was written onto it.
    """

    def __init__(self, rom: Rom) -> None:
        self.resets, self.rom, self._started = 0, rom, False
        self._board = subprocess.Popen(
            [ready_node(), str(BRIDGE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )

    def plug(self, page: Page) -> None:
        """This page has a port."""
        page.expose_function("cable", self._carry)
        page.add_init_script(PORT)

    def files(self) -> dict[str, bytes]:
        """What lies on the board."""
        told = self._ask("dump")["files"]
        return {name: base64.b64decode(data) for name, data in told.items()}

    def pull(self) -> None:
        """The board's power is gone."""
        self._board.kill()
        self._board.wait()
        for stream in (self._board.stdin, self._board.stdout):
            assert stream is not None
            stream.close()

    def _carry(self, sent: str) -> str:
        data = base64.b64decode(sent)
        if not (self.rom.erased and data.startswith(b"\r\x03")) and not self._started:
            return base64.b64encode(self.rom.hear(data)).decode()
        self._started = True
        told = self._ask(sent)
        self.resets = told["resets"]
        return str(told["said"])

    def _ask(self, line: str) -> Any:
        assert self._board.stdin is not None and self._board.stdout is not None
        self._board.stdin.write(line + "\n")
        self._board.stdin.flush()
        return json.loads(self._board.stdout.readline())
