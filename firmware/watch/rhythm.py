"""What intervals between beats, and the waves after them, have to say. No state, no time."""

from math import sqrt

#: A band within which intervals count as alike; breathing changes them by up to a fifth.
ALIKE = 0.25
#: Fewer say nothing.
ENOUGH_INTERVALS = 4


def regular(pairs: list, alike: list, middle: int) -> float:
    """How many of the intervals are alike; one over a beat that was missed counts as half."""
    good = sum(pair[1] for pair in alike)
    bridged = [pair[1] for pair in pairs if abs(pair[1] - 2 * middle) <= ALIKE * middle]
    count = len(alike) + len(bridged) / 2
    time = good + sum(bridged) / 2
    return min(count / len(pairs), time / sum(pair[1] for pair in pairs)) ** 2


def middle_of(newest: list, value):
    """Add to the seven newest, and the middle one of them."""
    newest.append(value)
    if len(newest) > 7:
        newest.pop(0)
    return sorted(newest)[len(newest) // 2]


def settled(pairs: list, alike: list) -> list:
    """Intervals that follow one of their like: a beat after a missed one seems 30 ms early."""
    found = [pairs[at][1] for at in range(1, len(pairs))
             if pairs[at] in alike and pairs[at - 1] in alike
             and pairs[at - 1][0] + pairs[at - 1][1] == pairs[at][0]]
    return found if len(found) >= ENOUGH_INTERVALS else [pair[1] for pair in alike]


def trimmed_mean(values: list) -> float:
    """The mean without the lowest and the highest eighth."""
    values = sorted(values)
    cut = len(values) // 8
    middle = values[cut:len(values) - cut]
    return sum(middle) / len(middle)


def correlation(one, other) -> float:
    """Pearson's, -1 to 1; 0 for what doesn't move."""
    count = len(one)
    mean_one, mean_other = sum(one) / count, sum(other) / count
    both = own = others = 0.0
    for at in range(count):
        x, y = one[at] - mean_one, other[at] - mean_other
        both += x * y
        own += x * x
        others += y * y
    if own <= 0.0 or others <= 0.0:
        return 0.0
    return both / sqrt(own * others)
