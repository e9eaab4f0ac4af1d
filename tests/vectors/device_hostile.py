"""What is no reading, no name, no size: told, or the end of the connection."""

from __future__ import annotations

from typing import Sequence

from tests.vectors.device_session import BPM, QUIET, TEMP, Session, cabinet, keyed, watch


def bad_reading_sessions() -> Sequence[Session]:
    """What is no reading is told; what comes behind it is read."""
    bad = ["nan,bpm", "inf,temp", "1e9,temp", "0x48,bpm", "1_0,bpm", "--1,bpm", "1.,bpm", ".5,bpm",
           "72.00bpm36.50,temp", ",bpm"]
    session = watch("bad-values", "Only plain decimals are values.")
    for text in bad:
        session.sends(text.encode() + b"72.00,bpm", ["BadReading", text, "no plain decimal"],
                      ["ReadingReceived", *BPM])
    return [
        session.even_glued(),
        watch("bad-digits", "Digits of other scripts are none.")
        .sends("٧٢,bpm36.50,temp".encode(),
               ["BadReading", "\\xd9\\xa7\\xd9\\xa2,bpm", "no plain decimal"],
               ["ReadingReceived", *TEMP]).even_glued(),
        watch("bad-units", "An unknown unit ends where a number can begin.")
        .sends(b"5,foo36.50,temp5,-1,bar\n72.00,36.50,temp", ["BadReading", "5,foo", "no unit"],
               ["ReadingReceived", *TEMP], ["BadReading", "5,", "no unit"],
               ["BadReading", "-1,bar", "no unit"], ["BadReading", "72.00,", "no unit"],
               ["ReadingReceived", *TEMP]).even_glued(),
        watch("bad-unit-before-size", "It ends before a size, too.")
        .sends(b"5,foosize-9", ["BadReading", "5,foo", "no unit"], ["SizeDeclared", 9],
               quiet=QUIET).answered(b"send"),
        watch("bad-unit-quiet", "It ends by quiet.")
        .sends(b"5,foo", ["BadReading", "5,foo", "no unit"], quiet=QUIET)
        .sends(b"72.00,bpm", ["ReadingReceived", *BPM]).even_glued(),
        watch("bad-longer-unit", "What is glued to a unit spoils no reading.")
        .sends(b"72.00,bpmx36.50,temperature72.00,bpm", ["ReadingReceived", *BPM],
               ["BadReading", "x", "follows a unit"], ["ReadingReceived", *TEMP],
               ["BadReading", "erature", "follows a unit"], ["ReadingReceived", *BPM])
        .even_glued(),
        watch("bad-no-comma", "A text without a comma ends at white space.")
        .sends(b"hello\n72.00,bpm 12\n36.50,temp", ["BadReading", "hello", "no comma"],
               ["ReadingReceived", *BPM], ["BadReading", "12", "no comma"],
               ["ReadingReceived", *TEMP]).even_glued(),
        watch("bad-no-comma-quiet", "Or by quiet, if it begins no number.")
        .sends(b"hello", ["BadReading", "hello", "no comma"], quiet=QUIET)
        .sends(b"72.00,bpm", ["ReadingReceived", *BPM]),
        watch("bad-no-comma-before-size", "Or before a size.")
        .sends(b"hellosize-9", ["BadReading", "hello", "no comma"], ["SizeDeclared", 9],
               quiet=QUIET).answered(b"send"),
    ]


def opening_sessions() -> Sequence[Session]:
    """Names."""
    return [
        Session("opening-cut", "Fewer than seven bytes of new~abc are waited for.", "watch")
        .ends_within(b"new~wc"),
        Session("opening-undecided", "n may be new~.", "watch").ends_within(b"n"),
        Session("opening-http", "A browser came to the wrong port.", "other")
        .sends(b"GET / HTTP/1.1\r\n\r\n").fails("only new~ and key~ are allowed"),
        Session("opening-almost", "new~ is decided on all its bytes.", "other")
        .sends(b"new-wch").fails("only new~ and key~ are allowed"),
        Session("opening-bad-id", "An id has letters and digits.", "other")
        .sends(b"new~w\xc3\xa9").fails("allowed are three letters or digits"),
        Session("opening-bad-key-id", "A keyed id has small letters, digits and -.", "other")
        .sends(b"key~Wch_1\n").fails("bad id 'Wch_1'"),
        Session("opening-endless", "A hello has a limit.", "other")
        .sends(b"key~" + b"a" * 80).fails("allowed are 64 bytes"),
        Session("opening-ping-for-a-proof", "While proving only mac~ is legal.", "other")
        .hello().sends(b"ping\n").fails("only mac~ and 64 hex digits are allowed"),
        Session("opening-new-for-a-proof", "A keyed id never falls back to new~.", "other")
        .hello().sends(b"new~wch\n").fails("only mac~ and 64 hex digits are allowed"),
        Session("opening-flood", "Who is held may say 1024 bytes.", None)
        .new("wch").sends(b"72.00,bpm" * 114).fails("more than 1024 bytes"),
    ]


def hostile_sessions() -> Sequence[Session]:
    """What must close the connection, and nothing else."""
    sizes = {
        "negative": b"-1", "plus": b"+9", "underscore": b"1_0", "zero": b"0", "hex": b"0x10",
        "other-digits": "٣".encode(), "point": b"9.0", "limit-and-one": b"4097",
        "endless": b"9" * 70, "empty": b"\n", "letters": b"abc", "two": b"9 9",
    }
    return [
        *(cabinet(f"refused-size-{name}", "A size is 1 to the limit, in decimal digits.")
          .sends(b"size-" + text, quiet=QUIET).fails("allowed are 1 to 4096 bytes")
          for name, text in sizes.items()),
        *(keyed(f"refused-line-size-{name}", "So it is in lines.", "cabinet")
          .sends(b"size-" + text + b"\n").fails("allowed are ")
          for name, text in sizes.items()),
        watch("refused-no-comma", "A value has a limit.")
        .sends(b"7" * 40).fails("allowed are 32 bytes before it"),
        watch("refused-blanks", "So has white space.")
        .sends(b" " * 1025).fails("no reading in more than 1024 bytes"),
        watch("refused-endless-unit", "So has a unit.")
        .sends(b"72.00," + b"x" * 40).fails("a unit that begins"),
        watch("refused-other-name", "One connection is one device.")
        .sends(b"72.00,bpm", ["ReadingReceived", *BPM]).sends(b"new~cab").fails("on a connection"),
        keyed("refused-endless-line", "A line has a limit.", "watch")
        .sends(b"x" * 300).fails("allowed are 256 bytes"),
        keyed("refused-line-of-controls", "A line is text.", "watch")
        .sends(b"\x1b[2J\n").fails("a line that is not printable"),
        keyed("refused-line-not-utf-8", "A line is UTF-8.", "watch")
        .sends(b"caf\xe9\n").fails("a line that is not UTF-8"),
    ]
