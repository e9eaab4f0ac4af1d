"""What each page of the watch shows: lines of 16 letters, and a big figure over lines 2 to 4."""

PULSE, TEMPERATURE, OXYGEN, ADVICE, REPORT, LINK = range(6)
COUNT = 6
#: Lines of text below a page's title.
ROOM = 7


def pulse(rate, quality: float, why: str) -> tuple:
    """Heart rate, or why there is none, and how far to believe it."""
    bar = "#" * int(quality * 10 + 0.5)
    foot = "/min" if rate is not None else why
    return (["Pulse", "", "", "", "", "", foot, "[{:<10}]".format(bar)],
            "--" if rate is None else "{:.0f}".format(rate))


def temperature(celsius, fault: str) -> tuple:
    """What the thermometer sees, named as what it is."""
    foot = "Celsius, skin" if celsius is not None else "no thermometer"
    lines = ["Temperature", "", "", "", "", "", foot]
    return lines, "--" if celsius is None else "{:.1f}".format(celsius)


def oxygen(percent, why: str) -> tuple:
    """Oxygen, or why there is none; never without the warning."""
    foot = why if percent is None else "% SpO2"
    lines = ["Oxygen", "", "", "", "", "", foot, "not calibrated"]
    return lines, "--" if percent is None else "{:.0f}".format(percent)


def text(title: str, lines: list, screen: int) -> tuple:
    """The part of a longer text that this screen holds."""
    screens = screens_of(lines)
    screen %= screens
    head = title if screens == 1 else "{} {}/{}".format(title, screen + 1, screens)
    return [head] + lines[screen * ROOM:(screen + 1) * ROOM], ""


def screens_of(lines: list) -> int:
    """How many screens a text needs."""
    return max(1, -(-len(lines) // ROOM))


def link(state: str, id: str, server: dict, said: str) -> tuple:
    """Whether the daemon is there, and what the link said last."""
    words = [said[at:at + 16] for at in range(0, min(len(said), 48), 16)]
    return ["Connection", state, id[:16], "to {}".format(server["host"])[:16],
            "port {}".format(server["port"])] + words, ""
