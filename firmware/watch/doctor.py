"""What the doctor says: nine pieces of advice and the newest report, asked of the daemon."""

#: Request -> the beginning of its answer, and a heading for people.
ADVICE = (
    ("a", "crd", "Heart"), ("b", "glc", "Glucose"), ("c", "dit", "Diet"),
    ("d", "exr", "Exercise"), ("e", "mtl", "Mental"), ("f", "rsp", "Breathing"),
    ("g", "dig", "Digestion"), ("h", "bne", "Bones"), ("i", "imm", "Vaccines"),
)
REPORT = (("rep", "hrx", "Report"),)
LABS = ("Cholesterol", "Triglycer.", "HDL", "LDL", "Chol/HDL", "Bilirubin", "ALT", "AST", "ALP",
        "Glucose", "Protein", "Albumin", "Creatinine", "Potassium", "eGFR", "HbA1c")

#: An answer comes within a second; what is so old is asked again.
ANSWER_MS = 10000
OLD_MS = 600000


class Doctor:
    """Asks for one thing at a time; ``wire`` is a started DeviceWire."""

    def __init__(self, clock):
        self._clock = clock
        self._texts = {}
        self._asked = {}
        self._waiting = []
        self._due = None

    def want(self, requests: tuple) -> None:
        """Somebody looks at these: ask for what isn't there, or is old."""
        for what, _, _ in requests:
            if what not in self._waiting and self._is_old(what):
                self._waiting.append(what)

    def poll(self, wire) -> None:
        """Send the next request, once the one before is answered or given up."""
        if self._due is not None and self._since(self._due) < ANSWER_MS:
            return
        self._due = None
        if self._waiting:
            what = self._waiting.pop(0)
            self._due = self._asked[what] = self._clock.ticks_ms()
            wire.request(what)

    def link_lost(self) -> None:
        """What was asked is not going to be answered."""
        self._due = None
        self._waiting = []
        for what in list(self._asked):
            if what not in self._texts:
                del self._asked[what]

    def hear(self, line: str) -> bool:
        """Whether this line was an answer."""
        for what, prefix, _ in ADVICE + REPORT:
            if line.startswith(prefix):
                self._texts[what] = line[len(prefix):].strip(" :-,") if what != "rep" \
                    else line[len(prefix):]
                self._due = None
                return True
        return False

    def advice(self) -> list:
        """The advice as lines of 16 letters, each piece under its heading; empty ones left out."""
        lines = []
        for what, _, heading in ADVICE:
            if self._texts.get(what):
                lines.append(heading + ":")
                lines.extend(wrapped(self._texts[what], 16))
        return lines or [self._nothing(ADVICE)]

    def report(self) -> list:
        """The values that the newest report has, a line each."""
        values = self._texts.get("rep", "").split(",")
        lines = ["{} {}".format(name, value.strip())
                 for name, value in zip(LABS, values) if value.strip()]
        return lines or [self._nothing(REPORT)]

    def _nothing(self, requests: tuple) -> str:
        known = all(what in self._texts for what, _, _ in requests)
        return "nothing yet" if known else "asking ..."

    def _is_old(self, what: str) -> bool:
        return what not in self._asked or self._since(self._asked[what]) > OLD_MS

    def _since(self, ticks: int) -> int:
        return self._clock.ticks_diff(self._clock.ticks_ms(), ticks)


def wrapped(text: str, width: int) -> list:
    """The words in lines of at most ``width`` letters; a longer word is cut."""
    lines = [""]
    for word in text.split():
        while len(word) > width:
            lines.append(word[:width])
            word = word[width:]
        if len(lines[-1]) + 1 + len(word) <= width and lines[-1]:
            lines[-1] += " " + word
        elif lines[-1]:
            lines.append(word)
        else:
            lines[-1] = word
    return [line for line in lines if line]
