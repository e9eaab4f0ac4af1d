"""Honest devices: those of the field, and new firmware."""

from __future__ import annotations

import base64
from typing import Sequence

from tests.vectors.device_session import (
    BOTH, BPM, OTHER, PATIENCE, QUIET, SMALL, TEMP, THUMBNAIL, Session, cabinet, camera, keyed,
    watch,
)


def watch_sessions() -> Sequence[Session]:
    """Convention 2, as watches in the field speak it."""
    five = "72.00,bpm36.50,temp97,spo2120,sys80,dia36.6,temp"
    return [
        watch("watch-polled", "Each bpm is answered with both values.")
        .measures(BOTH, BPM, TEMP).asked("bpm")
        .measures("76.00,bpm23.11,temp", (76.0, "bpm", "76.00,bpm"),
                  (23.11, "temp", "23.11,temp")).asked("bpm").even_glued(),
        Session("watch-unasked", "Readings glued behind the name are kept.", "watch")
        .new("wch", ["ReadingReceived", *BPM], more=b"72.00,bpm").even_glued(),
        watch("watch-all-units", "A unit ends a reading, also one that ends in a digit.")
        .measures(five, BPM, TEMP, (97.0, "spo2", "97,spo2"), (120.0, "sys", "120,sys"),
                  (80.0, "dia", "80,dia"), (36.6, "temp", "36.6,temp")).even_glued(),
        watch("watch-white-space", "NULs and white space stand between readings.")
        .measures("\0 72.00,bpm\r\n\n36.50,temp\0", BPM, TEMP).even_glued(),
        watch("watch-halves", "Quiet never drops half of a reading.")
        .sends(b"72.", quiet=QUIET).sends(b"00,b", quiet=QUIET)
        .sends(b"pm36.50,tem", ["ReadingReceived", *BPM], quiet=QUIET)
        .sends(b"p", ["ReadingReceived", *TEMP]).even_glued(),
        watch("watch-cut", "What is not complete is waited for.").ends_within(b"72.00,bp"),
        watch("watch-zero", "0,bpm is a reading of 0.")
        .measures("0,bpm0,temp", (0.0, "bpm", "0,bpm"), (0.0, "temp", "0,temp")).even_glued(),
        watch("watch-sign", "A value may have a sign.")
        .measures("-1.5,temp+2,temp", (-1.5, "temp", "-1.5,temp"), (2.0, "temp", "+2,temp"))
        .even_glued(),
        watch("watch-named-again", "The same name said again is passed over.")
        .sends(b"new~wch72.00,bpmnew~wch", ["ReadingReceived", *BPM]).even_glued(),
        Session("watch-held", "A watch that is not started is kept waiting, bytes and all.", None)
        .new("wch").sends(b"72.00,bpm", quiet=QUIET),
    ]


def request_sessions() -> Sequence[Session]:
    """What devices ask."""
    asks = watch("request-all", "Each letter ends by quiet.")
    for what in "abcdefghi":
        asks.sends(f"0,{what}".encode(), ["RequestReceived", what], quiet=QUIET)
    return [
        watch("request-report", "0,rep needs no quiet.")
        .sends(b"0,rep", ["RequestReceived", "rep"]).even_glued(), asks,
        watch("request-or-reading", "0,b may be a cut 0,bpm: quiet decides, not the cut.")
        .sends(b"0,bpm", ["ReadingReceived", 0.0, "bpm", "0,bpm"])
        .sends(b"0,b", ["RequestReceived", "b"], quiet=QUIET)
        .sends(b"0,d", ["RequestReceived", "d"], quiet=QUIET).ends_within(b"0,di"),
        watch("request-glued", "A letter ends where a number can begin, too.")
        .sends(b"0,a72.00,bpm0,b0,c 0,rep0,i", ["RequestReceived", "a"],
               ["ReadingReceived", *BPM], ["RequestReceived", "b"], ["RequestReceived", "c"],
               ["RequestReceived", "rep"], ["RequestReceived", "i"], quiet=QUIET),
        watch("request-half-a-report", "Half of rep is no request.").ends_within(b"0,re"),
        watch("request-value", "The value of a request is exactly 0.")
        .sends(b"0.0,a 00,b 1,rep ", ["BadReading", "0.0,a", "no unit"],
               ["BadReading", "00,b", "no unit"], ["BadReading", "1,rep", "no unit"]),
    ]


def cabinet_sessions() -> Sequence[Session]:
    """Convention 1: sizes, weights."""
    return [
        cabinet("cabinet-cycle", "The size declared is that of the number alone.")
        .weighs("bfr", "1023.4567").weighs("aft", "998.1000").even_glued(),
        cabinet("cabinet-negative", "An empty scale may read less than nothing.")
        .weighs("bfr", "-0.5000").weighs("aft", "0.0000").even_glued(),
        cabinet("cabinet-split-number", "A split size-12 and 34 is 1234.")
        .sends(b"size-12").sends(b"34", ["SizeDeclared", 1234], quiet=QUIET).answered(b"send"),
        cabinet("cabinet-exact", "A weight whose size is exact ends by a second of quiet.")
        .declares(13)
        .sends(b"bfr-1023.4567", ["WeightReceived", "bfr", 1023.4567, "bfr-1023.4567"],
               quiet=PATIENCE),
        cabinet("cabinet-exact-glued", "It ends before a new size, too.")
        .declares(13)
        .sends(b"bfr-1023.4567size-8", ["WeightReceived", "bfr", 1023.4567, "bfr-1023.4567"],
               ["SizeDeclared", 8], quiet=QUIET).answered(b"send")
        .sends(b"aft-998.1000", ["WeightReceived", "aft", 998.1, "aft-998.1000"]).even_glued(),
        cabinet("cabinet-exact-newlines", "White space behind it makes no difference.")
        .declares(13)
        .sends(b"bfr-1023.4567\r\n", ["WeightReceived", "bfr", 1023.4567, "bfr-1023.4567"],
               quiet=PATIENCE)
        .declares(15)
        .sends(b"aft-1023.4567\r\n", ["WeightReceived", "aft", 1023.4567, "aft-1023.4567"],
               quiet=PATIENCE)
        .declares(13)
        .sends(b"bfr-1023.4567\r\nsize-8", ["WeightReceived", "bfr", 1023.4567, "bfr-1023.4567"],
               ["SizeDeclared", 8], quiet=QUIET).answered(b"send"),
        cabinet("cabinet-newlines", "White space may end a size and follow a message.")
        .sends(b"size-9\r\n", ["SizeDeclared", 9], quiet=QUIET).answered(b"send")
        .sends(b"bfr-1023.4567\r\n", ["WeightReceived", "bfr", 1023.4567, "bfr-1023.4567"])
        .even_glued(),
        cabinet("cabinet-slow", "No quiet ends a message that is short.")
        .declares(9).ends_within(b"bfr-1023.45", PATIENCE),
        cabinet("cabinet-short", "Fewer bytes than declared are waited for.")
        .declares(9).ends_within(b"bfr-10", PATIENCE),
        cabinet("cabinet-again", "A new size in place of a message begins anew.")
        .declares(9).sends(b"size-9", ["BadMessage", "a new size"], ["SizeDeclared", 9],
                           quiet=QUIET).answered(b"send")
        .sends(b"aft-1023.4567", ["WeightReceived", "aft", 1023.4567, "aft-1023.4567"]),
        cabinet("cabinet-no-number", "A weight that is none is told, and the next one read.")
        .declares(3).sends(b"bfr-nan", ["BadMessage", "no weight"])
        .declares(9).sends(b"bfr-1e9size-4", ["BadMessage", "no weight"])
        .weighs("aft", "5.5000").even_glued(),
        cabinet("cabinet-too-heavy", "No cabinet bears a ton.")
        .declares(9).sends(b"bfr-1000001.0", ["BadMessage", "allowed are 1000000 g"]).even_glued(),
        cabinet("cabinet-measures", "Readings may come from any kind.")
        .weighs("bfr", "1.0000").measures("36.50,temp", TEMP).weighs("aft", "1.0000")
        .even_glued(),
    ]


def camera_sessions() -> Sequence[Session]:
    """Convention 1: pictures."""
    text, other = base64.b64encode(SMALL), base64.b64encode(OTHER)
    folded = base64.encodebytes(OTHER)
    return [
        camera("camera-raw", "A JPEG of the exact size.")
        .shows(SMALL, (16, 12)).asked("img", 2).shows(THUMBNAIL, (24, 16)),
        camera("camera-padding", "What stands around the picture is cut off.")
        .shows(SMALL, (16, 12), b"\0" + SMALL + bytes(9)).measures("36.50,temp", TEMP),
        camera("camera-base64", "Base64 text of the exact size.")
        .shows(SMALL, (16, 12), text).shows(OTHER, (24, 16), other).even_glued(),
        camera("camera-base64-newlines", "White space in base64 text.")
        .shows(OTHER, (24, 16), folded).even_glued(),
        camera("camera-base64-under-declared", "Base64 text of a JPEG whose own size is declared.")
        .shows(OTHER, (24, 16), other + b"\n", declared=len(OTHER)).even_glued(),
        camera("camera-glued", "Who does not wait for send is understood.")
        .shows(SMALL, (16, 12)).shows(OTHER, (24, 16)).even_glued(),
        camera("camera-no-picture", "No JPEG is told, and the next one is read.")
        .declares(7).sends(b"rubbish", ["BadMessage", "base64 text that can't be decoded"])
        .declares(8).sends(b"\xff\xd8rubbis", ["BadMessage", "no whole JPEG in 8 bytes"])
        .declares(len(SMALL) - 2).sends(SMALL[:-2], ["BadMessage", "no whole JPEG"])
        .shows(SMALL, (16, 12)),
        camera("camera-cut-base64", "Cut base64 text is told after a second.")
        .declares(80).sends(text[:80], ["BadMessage", "no whole JPEG in 80 bytes"],
                            quiet=PATIENCE),
        camera("camera-longer", "Bytes behind the message belong to what follows.")
        .declares(len(SMALL)).sends(SMALL + b"36.50,temp",
                                    ["PictureReceived", SMALL.hex(), 16, 12],
                                    ["ReadingReceived", *TEMP]),
        camera("camera-stops", "A picture that is not complete is waited for.")
        .declares(len(SMALL)).ends_within(SMALL[:-1], PATIENCE),
    ]


def keyed_sessions() -> Sequence[Session]:
    """New firmware: lines, exact sizes."""
    return [
        keyed("board-watch", "Readings in lines, one or several.", "watch")
        .measures("72.00,bpm", BPM).asked("bpm").measures("36.50,temp", TEMP)
        .measures(BOTH, BPM, TEMP).even_glued(),
        keyed("board-cabinet", "Sizes are exact and end with their line.", "cabinet")
        .weighs("bfr", "1023.4567").weighs("aft", "998.1000").even_glued(),
        keyed("board-camera", "A picture of the exact size.", "cabinet_camera")
        .shows(SMALL, (16, 12)).asked("img", 2).shows(OTHER, (24, 16), base64.b64encode(OTHER))
        .shows(THUMBNAIL, (24, 16)),
        keyed("board-requests", "A line ends a request.", "other")
        .sends(b"0,b\n", ["RequestReceived", "b"]).sends(b"0,rep\n", ["RequestReceived", "rep"])
        .sends(b"0,bpm\n", ["ReadingReceived", 0.0, "bpm", "0,bpm"]).even_glued(),
        keyed("board-ping", "Either side may ask.", "other")
        .sends(b"ping\n", ["PingReceived"]).answered(b"pong")
        .sends(b"pong\n", ["PongReceived"]).asked("ping").sends(b"\n\r\n")
        .sends(b"ping\r\n", ["PingReceived"]).answered(b"pong"),
        keyed("board-ping-crosses-send", "What a board answers before send is no message.",
              "cabinet")
        .declares(13).sends(b"pong\n", ["PongReceived"]).sends(b"ping\n", ["PingReceived"])
        .answered(b"pong")
        .sends(b"bfr-1023.4567", ["WeightReceived", "bfr", 1023.4567, "bfr-1023.4567"])
        .even_glued(),
        keyed("board-lines", "Any other line is told as it is.", "other")
        .sends(b"error no sensor, trying again\n",
               ["LineReceived", "error no sensor, trying again"])
        .sends(b"key~cam-8\n", ["LineReceived", "key~cam-8"])
        .sends("température\n".encode(), ["LineReceived", "température"]).even_glued(),
        keyed("board-bad-readings", "A line ends what stands in it.", "watch")
        .sends(b"nan,bpm\n", ["BadReading", "nan,bpm", "no plain decimal"])
        .sends(b"72.00,bp\n", ["BadReading", "72.00,bp", ""])
        .sends(b"72.00,bpm36.5\n", ["ReadingReceived", *BPM], ["BadReading", "36.5", ""])
        .measures("36.50,temp", TEMP).even_glued(),
        keyed("board-bad-messages", "Content is judged, the connection stays.", "cabinet")
        .declares(7).sends(b"bfr-nan", ["BadMessage", "no weight"])
        .declares(3).sends(b"xyz", ["BadMessage", "3 bytes"]).weighs("bfr", "1.5").even_glued(),
        keyed("board-cut-line", "A line that is not complete is waited for.", "watch")
        .ends_within(b"72.00,bpm"),
        Session("board-wrong-key", "A wrong mac is denied; what follows is dropped.", "watch")
        .hello().proof(bytes(32)).sends(b"72.00,bpm\n"),
        Session("board-held", "A proved device waits for start.", None, keyed=True)
        .sends(b"72.00,bpm\n"),
        Session("board-cut-hello", "A hello that is not complete is waited for.", "watch")
        .ends_within(b"key~watch-1"),
    ]
