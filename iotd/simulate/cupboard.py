"""What stands in a virtual cabinet: its scale weighs it and its camera sees it."""

from __future__ import annotations

import random
from typing import Any

from iotd.simulate.shelf import ITEMS

EMPTY_GRAMS = 412.0  # shelves, and what always stands there
PACKAGE_GRAMS = {"Nutella": 750.0, "Pepsi": 355.0, "Pringles": 185.0}
FULL = 2  # packages of each after shopping


class Cupboard:
    """Packages by name; some of the food in them may be gone."""

    def __init__(self, seed: Any) -> None:
        self._chance = random.Random(seed)
        self.counts = dict.fromkeys(ITEMS, FULL)
        self._eaten = 0.0

    @property
    def grams(self) -> float:
        """What the scale shows, with its noise."""
        packages = sum(PACKAGE_GRAMS[name] * count for name, count in self.counts.items())
        return EMPTY_GRAMS + packages - self._eaten + self._chance.gauss(0, 0.05)

    def visit(self) -> str:
        """Somebody was here: what they did, in words."""
        there = [name for name, count in self.counts.items() if count]
        if len(there) < 2:
            self.counts.update(dict.fromkeys(ITEMS, FULL))
            self._eaten = 0.0
            return "shopping was put in"
        if self._chance.random() < 0.4 and self.counts["Nutella"] and self._eaten < 600:
            portion = self._chance.uniform(15, 45)
            self._eaten += portion
            return f"{portion:.0f} g of Nutella eaten"
        # a jar goes when it is empty: nobody eats a whole one at once
        name = self._chance.choice([one for one in there if one != "Nutella" or self._eaten >= 600])
        self.counts[name] -= 1
        if name == "Nutella":
            self._eaten = 0.0  # the open one went
        return f"one {name} taken"
