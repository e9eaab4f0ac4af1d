"""A roll-out and its boards as rules: what a board's words mean, and when it is too late.

A board's way:  waiting -> offered -> loading -> trying -> done
                   ^___________________|            \\-> failed (from any of them)
                  it went away before it had all    left: it can't, or a later roll-out has it
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterable, Mapping

from iotd.wire.board_lines import Report

WAITING, OFFERED, LOADING, TRYING = "waiting", "offered", "loading", "trying"
DONE, FAILED, LEFT = "done", "failed", "left"
ENDED = (DONE, FAILED, LEFT)
STATES = (WAITING, OFFERED, LOADING, TRYING, *ENDED)

RUNNING, STOPPED, OVER, CANCELLED = "running", "stopped", "done", "cancelled"

#: Seconds in which a board that is there has to begin, to go on, and to be back.
PATIENCE = 600.0
#: Seconds for which a board does not try again what it refused; a new start ends that.
BARRED = 3600.0
#: Times that a board may come back with what it had, and no word on why.
TRIES = 3
MOST_TEXT = 200


@dataclass(frozen=True)
class Board:
    """How far one board of a roll-out is.

    ``at`` is when that changed last, or it last fetched, in monotonic seconds; ``changed_at``
    the former in Unix seconds. ``boot`` and ``last`` are what it told when firmware was offered
    to it: what it tells again of those is no news. ``tries`` counts how often it began.
    """

    device: str
    wave: int
    state: str = WAITING
    done_bytes: int = 0
    total_bytes: int = 0
    text: str = ""
    at: float = 0.0
    changed_at: float = 0.0
    boot: str | None = None
    last: str | None = None
    tries: int = 0


@dataclass(frozen=True)
class Rollout:
    """One build for some boards; times in Unix seconds. ``wave`` may update now, from 1 on."""

    id: int
    build: int
    version: str
    state: str
    wave: int
    older: bool
    reason: str
    started_at: float
    started_by: str
    wave_at: float
    ended_at: float | None = None


@dataclass(frozen=True)
class Tally:
    """How many boards of a roll-out are in each state, and which wave is its last."""

    waves: int
    counts: Mapping[str, int]


def tally(boards: Iterable[Board]) -> Tally:
    """Of boards that are at hand."""
    counts: dict[str, int] = {}
    waves = 0
    for board in boards:
        counts[board.state] = counts.get(board.state, 0) + 1
        waves = max(waves, board.wave)
    return Tally(waves, counts)


# -- boards ---------------------------------------------------------------------------------


def may_be_offered(board: Board, report: Report, build: int, older: bool) -> str | None:
    """Why this firmware is nothing for a board that told this, in words; None when it is."""
    if report.build is None or report.kind is None:
        return "its firmware does not tell its build and kind"
    if report.slot is None:
        return "its firmware has no second folder: flash it once by cable"
    if report.build > build and not older:
        return f"it has build {report.build}, which is newer"
    return None


def told(board: Board, report: Report, build: int, older: bool, now: float) -> Board:
    """What a board is after it told of itself; once OFFERED, that is to be said to it."""
    if board.state == DONE or (board.state in ENDED and report.build != build):
        return board
    if report.build == build:
        return _has_it(board, report, build, now)
    if verdict := _verdict(board, report, build):
        return failed(board, verdict, now)
    if board.state == LOADING and report.last == f"refused-{build}-gone":
        return replace(moved(board, WAITING, "it was taken back while it loaded", now),
                       last=report.last)
    if why_not := may_be_offered(board, report, build, older):
        return moved(board, LEFT, why_not, now)
    if board.state == WAITING:
        return _offered(board, report, now)
    if board.state == TRYING and board.boot is None:
        return replace(board, boot=report.boot, last=report.last)  # iotd began anew meanwhile
    if board.state == TRYING and board.boot != report.boot:
        return _came_back_old(board, report, now)
    return board


def fetched(board: Board, done: int, total: int, now: float) -> Board:
    """It was told a part, and has so many of all bytes now."""
    if board.state in ENDED:
        return board
    done = max(done, board.done_bytes) if board.total_bytes == total else done
    state, text = (TRYING, "has all, starts with it") if done >= total > 0 else (LOADING, "")
    return replace(board, state=state, text=text, done_bytes=done, total_bytes=total, at=now)


def failed(board: Board, why: str, now: float) -> Board:
    """It did not work on this board."""
    return moved(board, FAILED, why, now)


def again(board: Board, now: float) -> Board:
    """Somebody wants a board that failed to try once more."""
    return Board(board.device, board.wave, at=now) if board.state == FAILED else board


def given_up(board: Board, why: str, now: float) -> Board:
    """Nobody wants it to have this firmware any more; one that has all of it goes on by itself."""
    return board if board.state in (*ENDED, TRYING) else moved(board, LEFT, why, now)


def late(board: Board, online_since: float | None, now: float) -> Board:
    """What a board of a wave that updates now is, if it did nothing for PATIENCE.

    ``online_since``: since when it could, in this wave; None while it is away.
    """
    silent = now - board.at
    if board.state == TRYING and silent >= PATIENCE:
        return failed(board, f"not back with it within {_minutes(PATIENCE)}", now)
    if board.state == LOADING and silent >= PATIENCE:
        if online_since is None:
            return moved(board, WAITING, "went away while it loaded", now)
        return failed(board, f"fetched nothing more for {_minutes(PATIENCE)}", now)
    if board.state not in (WAITING, OFFERED) or online_since is None:
        return board
    patience = PATIENCE + (BARRED if (board.last or "").startswith("refused-") else 0.0)
    if now - max(online_since, board.at) >= patience:
        return failed(board, f"there, but did not begin within {_minutes(patience)}", now)
    return board


def given_over(board: Board, rollout: int) -> Board:
    """A later roll-out has it."""
    return board if board.state in ENDED else replace(
        board, state=LEFT, text=f"roll-out {rollout} has it"
    )


def begun_anew(board: Board, now: float) -> Board:
    """iotd was away for a while: the board is not to suffer for that."""
    return replace(board, at=now)


def in_wave(board: Board, wave: int, now: float) -> Board:
    """It is its turn earlier than was planned."""
    return replace(board, wave=wave, at=now)


def moved(board: Board, state: str, text: str, now: float) -> Board:
    """In another state, with these words."""
    return replace(board, state=state, text=text[:MOST_TEXT], at=now)


def _has_it(board: Board, report: Report, build: int, now: float) -> Board:
    healthy = report.last == f"ok-{build}"
    # one that did not fetch it from here got it by cable, and runs it without a trial
    if healthy or board.state in (WAITING, OFFERED, LEFT):
        text = "" if healthy else "has it already"
        return replace(moved(board, DONE, text, now), done_bytes=board.total_bytes)
    if board.state == FAILED:
        return board
    if board.state == TRYING and board.text == _TRIES_IT:
        return board
    return moved(board, TRYING, _TRIES_IT, now)


_TRIES_IT = "runs it, not yet for good"


def _verdict(board: Board, report: Report, build: int) -> str:
    """What the board says went wrong with this build, unless it said so before it began."""
    word, _, rest = (report.last or "").partition("-")
    number, _, why = rest.partition("-")
    if number != str(build) or word not in ("back", "refused"):
        return ""
    if why == "gone" or (report.boot, report.last) == (board.boot, board.last):
        return ""
    if word == "back" and board.state == TRYING:
        return f"went back to what it had: {why or 'no reason told'}"
    # the same word after a new start is what still lies there: it is told again at each start
    told_anew = report.last != board.last
    if word == "refused" and board.state in (OFFERED, LOADING, TRYING) and told_anew:
        return f"refused it: {why or 'no reason told'}"
    return ""


def _offered(board: Board, report: Report, now: float) -> Board:
    offered = moved(board, OFFERED, "", now)
    return replace(
        offered, boot=report.boot, last=report.last, tries=board.tries + 1, done_bytes=0
    )


def _came_back_old(board: Board, report: Report, now: float) -> Board:
    if board.tries >= TRIES:
        return failed(board, f"came back with what it had {board.tries} times", now)
    return _offered(board, report, now)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:g} minutes"
