"""Virtual boards: the firmware's own files in the real MicroPython VM, under Node.

    board = Board(port, settings(id, key), frames=scenes(3)).start()
    ... board.led == "green" ...
    board.stop()

    board = device_board("watch", port, id, key, layout="slots", flash=folder)

lays ``folder`` out as ``iotd flash`` leaves a board (boot selector, firmware in /a,
settings.json; ``build`` is its number) unless there is a main.py in it already. Such a
board starts again after machine.reset() and after its watchdog bit, with what is then on
its flash, which is ``folder``, change by change; without one it has a flash until stop().
With ``settings=None`` it takes the settings.json that lies there. ``resets`` tells each
such start, ``boots`` counts them with the first one, ``running`` stays true.

A board's TCP connections are real ones. Node can't open them synchronously, so
each board inherits unconnected sockets, and this process connects its copy of
one when the firmware asks; from then on only the board reads and writes it.
"""

from __future__ import annotations

import errno
import json
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Callable, Sequence

from deploy.build_backend import node_from_wheel, node_on_path
from tests.field_camera import scenes
from tests.firmware.flash import lay_out

HERE = Path(__file__).resolve().parent
VM = HERE / "micropython"
FIRMWARE = HERE.parent.parent / "firmware"
#: Connections that one board can make in its life.
SOCKETS = 24
#: The fake machine's SPI and I2C lead to an ArduCAM, whatever pins are named; its select is 10.
ARDUCAM_PINS = {
    "spi": {"sck": 12, "mosi": 11, "miso": 13, "cs": 10}, "i2c": {"scl": 9, "sda": 8},
}


def settings(id: str, key: bytes, **more: Any) -> dict[str, Any]:
    """settings.json of a keyed camera that shows files; ``more`` overrides top-level keys."""
    return {
        "id": id, "key": key.hex(),
        "wifi": {"ssid": "home", "password": "secret password"},
        "camera": {"sensor": "pattern", "fps": 10},
        "led": {"neopixel": 48},
        **more,
    }


#: The pins are those of the examples beside the firmware; 18 is the cabinet's strip of lights.
DEVICES: dict[str, dict[str, Any]] = {
    "watch": {
        "pulse": {"sensor": "max30102"}, "i2c": {"scl": 9, "sda": 8}, "button": {"pin": 4},
        "dial": {"a": 5, "b": 6},
    },
    "cabinet": {
        "scale": {"data": 16, "clock": 17}, "button": {"pin": 4},
        "lights": {"pin": 18, "colour": "ff8040", "brightness": 100}, "door": {"pin": 13},
        "handle": {"pin": 14},
    },
    "gate": {"direction": "entry", "scan": {"ignore": ["eduroam"]},
             "badge": {"enabled": True, "spi": {"sck": 12, "mosi": 11, "miso": 13, "cs": 10}}},
    "cabinet_camera": {"camera": {"sensor": "pattern", "skip": 0}, "lamp": {"pin": 4}},
}
STRIP = 18
#: A cabinet whose scale reads 10 counts a gram, and 20,000 when empty.
CALIBRATED = {"/calibration.json": '{"empty": 20000.0, "per_gram": 10.0, "end": true}'}


def device_board(kind: str, port: int, id: str, key: str, host: str = "127.0.0.1",
                 settings: dict[str, Any] | None = None, **more: Any) -> "Board":
    """A keyed watch, cabinet, cabinet_camera or gate, ready to start(); ``more`` goes to Board."""
    told = {
        "id": id, "key": key, "wifi": {"ssid": "home", "password": "secret password"},
        "led": {"neopixel": 48}, "retry_seconds": 10, "watchdog_seconds": 600,
        **DEVICES[kind], **(settings or {}),
    }
    return Board(port, told, host=host, kind=kind, **more)


def camera_board(host: str, port: int, id: str, key: str, **more: Any) -> "Board":
    """A keyed camera for any daemon, ready to start(); the key as ``iotd device key`` prints it.

    ``more`` goes to Board: frames, source, speed.
    """
    told = settings(id, bytes.fromhex(key), retry_seconds=10, watchdog_seconds=600)
    return Board(port, told, host=host, **more)


def ready_node() -> str:
    """The Node to run boards with; installs the VM by npm when it isn't there yet."""
    node = node_on_path() or node_from_wheel()
    if node is None:
        raise RuntimeError("virtual boards need Node 18 or newer with npm")
    if not (VM / "node_modules" / "@micropython").is_dir():
        subprocess.run([*node.npm, "ci", "--no-progress", "--loglevel=error"], cwd=VM, check=True)
    return node.node


def run_script(code: str, files: dict[str, str]) -> str:
    """What a Python text prints in the VM, with these files beside it; blocks."""
    told = json.dumps({"code": code, "files": files})
    done = subprocess.run([ready_node(), str(VM / "script.mjs")], cwd=VM, check=True, input=told,
                          capture_output=True, text=True, timeout=60)
    return done.stdout


class Board:
    """One board from power-on to power-off.

    ``led`` is the light's colour, ``output`` what the firmware printed, ``resets``
    why the board fell over ("watchdog", "reset"), ``pins`` the level of every pin that was set,
    ``pulses`` every width that each servo was told in ns, ``strips`` the colour of each strip by
    pin, ``display`` eight rows of text and, as the ninth, the big figures. ``flash`` is a
    folder that a gate's ring survives in, and with ``layout="slots"`` all that is on the
    board; without one it is gone with the power.
    """

    def __init__(
        self,
        port: int,
        settings: dict[str, Any] | None,
        *,
        host: str = "127.0.0.1",
        source: str | None = None,
        frames: Sequence[bytes] | None = None,
        speed: float = 1.0,
        kind: str = "camera",
        files: dict[str, str] | None = None,
        world: dict[str, Any] | None = None,
        flash: Path | None = None,
        layout: str = "root",
        build: int = 1,
    ) -> None:
        self.settings = settings
        if settings is not None:
            server = {**settings.get("server", {}), "host": host, "port": port}
            self.settings = {**settings, "server": server}
        self.source = source
        self.frames = list(frames) if frames is not None else scenes(3)
        self.speed = speed
        self.kind = kind
        self.files = files or {}
        self.world = dict(world or {})
        self.flash = flash
        self.slots = layout == "slots"
        self.build = build
        self.led = "off"
        self.output: list[str] = []
        self.resets: list[str] = []
        self.pins: dict[int, int] = {}
        self.pulses: dict[int, list[int]] = {}
        self.strips: dict[int, tuple[int, int, int]] = {}
        self.display = [""] * 9
        self.connections = 0
        self.boots = 0
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._sockets: dict[int, socket.socket] = {}
        self._threads: list[threading.Thread] = []
        self._switch = threading.Lock()
        self._powered = False

    def start(self) -> "Board":
        """Power on; returns at once, the board boots in about half a second."""
        self._folder = tempfile.TemporaryDirectory(prefix="iotd-board-")
        frames = Path(self._folder.name, "frames")
        frames.mkdir()
        for number, jpeg in enumerate(self.frames):
            (frames / f"{number:04}.jpg").write_bytes(jpeg)
        if self.slots:
            self._lay_out(Path(self._folder.name, "flash"))
        self._powered = True
        thread = threading.Thread(target=self._live, args=(self._boot("power"),), daemon=True)
        self._threads.append(thread)
        thread.start()
        return self

    @property
    def running(self) -> bool:
        """Whether the board is powered and has not fallen over for good."""
        if self.slots:
            return self._powered
        return self._process is not None and self._process.poll() is None

    def errors(self) -> str:
        """What Node itself had to say; empty when all is well."""
        return Path(self._folder.name, "stderr").read_text() if self._folder else ""

    def set(self, **world: Any) -> None:
        """Change the world around the board: pulse, celsius, counts, pins, adc, touch, broken."""
        self.world.update(world)
        assert self._folder is not None
        fresh = Path(self._folder.name, "inputs.new")
        fresh.write_text(json.dumps(self.world))
        fresh.replace(Path(self._folder.name, "inputs"))

    def crash(self) -> None:
        """Die without closing: the daemon keeps a connection with nobody at its end."""
        with self._switch:
            self._powered = False
            if self._process is not None:
                self._process.kill()
                self._process.wait()

    def freeze(self) -> None:
        """Stand still in the middle of whatever it does, until thaw()."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on, unaware of the time that passed."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Power off; process, sockets, thread and files are gone on return."""
        self.crash()
        for thread in self._threads:
            thread.join(10.0)
        self._drop_sockets()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def wait_for(self, what: Callable[[], Any], seconds: float = 20.0) -> bool:
        """Whether ``what()`` came true in time; blocks, so not for use on a reactor."""
        until = time.monotonic() + seconds
        while not what():
            if time.monotonic() > until or not self.running:
                return bool(what())
            time.sleep(0.01)
        return True

    def _socket(self) -> socket.socket:
        sock = socket.socket()
        if self.source is not None:
            sock.bind((self.source, 0))
        return sock

    def _drop_sockets(self) -> None:
        for sock in self._sockets.values():
            sock.close()
        self._sockets.clear()

    def _lay_out(self, own: Path) -> None:
        """Something to boot from, unless it is there."""
        if self.flash is None:
            self.flash = own
        self.flash.mkdir(exist_ok=True)
        if not (self.flash / "main.py").exists():
            lay_out(self.flash, self.kind, None, self.build)
        if self.settings is None:
            self.settings = json.loads((self.flash / "settings.json").read_text())
        else:
            (self.flash / "settings.json").write_text(json.dumps(self.settings))
        for name, text in self.files.items():
            (self.flash / name.lstrip("/")).write_text(text)

    def _boot(self, cause: str) -> socket.socket:
        """Start the machine; our end of the channel to it."""
        assert self._folder is not None
        ours, theirs = socket.socketpair()
        self._sockets = {sock.fileno(): sock for sock in (self._socket() for _ in range(SOCKETS))}
        descriptors = list(self._sockets)
        told = json.dumps(self._description(theirs, descriptors, cause))
        with Path(self._folder.name, "stderr").open("ab") as errors:
            self._process = subprocess.Popen(
                [ready_node(), str(VM / "board.mjs"), told],
                cwd=VM, pass_fds=[theirs.fileno(), *descriptors],
                stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
            )
        theirs.close()
        self.boots += 1
        return ours

    def _description(self, channel: socket.socket, descriptors: list[int],
                     cause: str) -> dict[str, Any]:
        assert self._folder is not None
        self.set()
        files = {"/settings.json": json.dumps(self.settings), **self.files}
        return {
            "kind": self.kind, "speed": self.speed, "cause": cause,
            "folders": self._folders(Path(self._folder.name, "frames")),
            "files": {} if self.slots else files,
            "inputs": str(Path(self._folder.name, "inputs")),
            "channel": channel.fileno(), "sockets": descriptors,
            "flash": str(self.flash.resolve()) if self.flash else None,
            "flash_at": "/" if self.slots else "/log",
        }

    def _folders(self, frames: Path) -> list[tuple[str, str]]:
        """What README.md says to copy onto this kind of board, and the hardware around it."""
        copied = [(VM / "fakes", "/fakes"), (frames, "/frames")]
        if not self.slots:
            copied += [(FIRMWARE / "common", "/common"), (FIRMWARE / self.kind, "/")]
        if self.kind == "cabinet_camera" and not self.slots:
            copied.append((FIRMWARE / "camera" / "sensors", "/sensors"))
        return [(str(source), target) for source, target in copied]

    def _live(self, channel: socket.socket) -> None:
        """Hear the board until it is gone; one that resets itself is started again."""
        while True:
            before = len(self.resets)
            self._listen(channel)
            with self._switch:
                again = self.resets[before:]
                if not (self.slots and self._powered and again in (["reset"], ["watchdog"])):
                    self._powered = False
                    return
                assert self._process is not None
                self._process.wait()
                self._drop_sockets()
                channel = self._boot(again[0])

    def _listen(self, channel: socket.socket) -> None:
        """Hear the board until it is gone; connects sockets for it."""
        with channel, channel.makefile("rb") as lines:
            for line in lines:
                message = json.loads(line)
                for kind in message.keys() & _HEARD.keys():
                    answer = _HEARD[kind](self, message)
                    if answer is not None:
                        channel.sendall(json.dumps(answer).encode() + b"\n")

    def _connect(self, message: dict[str, Any]) -> dict[str, str]:
        sock = self._sockets[message["connect"]]
        address = message["host"], message["port"]
        try:
            sock.settimeout(message["timeout"])
            try:
                sock.connect(address)
            except ConnectionAbortedError:
                sock.connect(address)  # Linux says so, once, of a socket that was refused before
            sock.setblocking(False)
        except OSError as error:
            return {"error": errno.errorcode.get(error.errno or errno.ETIMEDOUT, "EIO")}
        self.connections += 1
        return {"error": ""}

    def _close(self, message: dict[str, Any]) -> None:
        self._sockets.pop(message["closed"]).close()

    def _print(self, message: dict[str, Any]) -> None:
        self.output.append(message["print"])

    def _light(self, message: dict[str, Any]) -> None:
        pin, red, green, blue = message["pixel"]
        if pin == (self.settings or {}).get("led", {}).get("neopixel"):
            self.led = "red" if red else "green" if green else "off"
        else:
            self.strips[pin] = (red, green, blue)

    def _pin(self, message: dict[str, Any]) -> None:
        number, level = message["pin"]
        self.pins[number] = level

    def _pulse(self, message: dict[str, Any]) -> None:
        number, width = message["pwm"]
        self.pulses.setdefault(number, []).append(width)

    def _row(self, message: dict[str, Any]) -> None:
        row, text = message["display"]
        self.display[row] = text.rstrip()

    def _fallen(self, message: dict[str, Any]) -> None:
        self.resets.append(str(message.get("reset") or message.get("crash")))


_HEARD: dict[str, Callable[[Board, dict[str, Any]], Any]] = {
    "connect": Board._connect, "closed": Board._close, "print": Board._print,
    "pixel": Board._light, "pin": Board._pin, "pwm": Board._pulse, "display": Board._row,
    "reset": Board._fallen, "crash": Board._fallen,
}
