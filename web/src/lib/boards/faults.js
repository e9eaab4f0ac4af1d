// What can go wrong with a board on a cable: a sentence for each, and what to do next.

const KNOWN = {
  none: ["No port was chosen.", "Connect the board with a USB cable that carries data, then choose its port. If the list is empty, try another cable or another USB socket; some boards need their maker's driver (CP210x, CH340)."],
  busy: ["Another program has this port open.", "Close whatever talks to the board (Thonny, Arduino, mpremote, another tab of this page), then try again."],
  boot: ["The board did not go into its boot loader by itself.", "Hold its BOOT button, press RESET once (or plug the cable in again), let BOOT go, then try again. If it shows up as another port then, choose that one."],
  chip: ["This is not the chip that was expected.", "Choose an image for the chip that hangs on the cable, or connect another board."],
  image: ["This file is no MicroPython image for this board.", "Take the .bin for its chip from micropython.org/download, the one that is written to an empty board."],
  full: ["The board's flash is full.", "Write MicroPython onto it anew: that empties it. Then its files fit."],
  lost: ["The cable came out, or the board switched itself off.", "Connect it again and go on: what is written stays written."],
  silent: ["The board does not answer.", "Press its RESET button and try again. If it never ran MicroPython, let MicroPython be written onto it."],
  garbage: ["What the board says can't be read.", "Something else than MicroPython runs on it, or the cable is bad. Press RESET and try again, or let MicroPython be written onto it."],
  endless: ["The program on the board can't be stopped.", "Press RESET and try again at once. If that does not help, let MicroPython be written onto it: that empties it."],
  verify: ["What was written is not what is read back.", "Try again. If it happens again, the board's flash or the cable is bad."],
  python: ["The board could not do what it was told.", "Try again. If it happens again, let MicroPython be written onto it anew."],
  old: ["MicroPython on the board is too old.", "Let MicroPython be written onto it anew: version 1.20 or newer."],
  contact: ["The board was written and started, but the server has not heard it yet.", "Wait a little and go on, or change its Wi-Fi or server and write these anew: that takes seconds."],
  write: ["MicroPython could not be written.", "Use a short cable without a hub and try again."],
};

/** A failure that people understand; ``code`` is a key of the table, ``detail`` what is known more. */
export class Fault extends Error {
  constructor(code, detail = "") {
    const [sentence, next] = KNOWN[code];
    super(detail ? `${sentence} ${detail}` : sentence);
    this.code = code;
    this.next = next;
  }
}

/** Any error as a Fault, or as it is when it is none of the board's. */
export function faultOf(error, otherwise = null) {
  if (error instanceof Fault) return error;
  if (error?.name === "NotFoundError") return new Fault("none"); // the browser's list was closed
  if (error?.name === "NetworkError" && /open/i.test(error.message)) return new Fault("busy");
  if (error?.name === "InvalidStateError") return new Fault("busy");
  if (error?.name === "NetworkError" || /device has been lost/i.test(error?.message ?? "")) return new Fault("lost");
  return otherwise ? new Fault(otherwise, error?.message) : error;
}

const HINTS = [
  [/denied|wrong key/i, "The server refuses its key: go on from here, it gets the right one."],
  [/wifi: address/i, "It is in its Wi-Fi, but does not reach the server: check the server's address, its port and a firewall."],
  [/wifi: no|wifi:/i, "It does not get into its Wi-Fi: check the network's name and password, and that it is 2.4 GHz."],
  [/settings?\.json|allowed is/i, "It finds a fault in its settings; its own words are below."],
  [/Traceback|Error:/, "Its program fell over; its own words are below."],
];

/** What the newest telling line of a console means. */
export function hint(lines) {
  for (const line of [...lines].reverse()) {
    const found = HINTS.find(([pattern]) => pattern.test(line));
    if (found) return found[1];
  }
  return "";
}
