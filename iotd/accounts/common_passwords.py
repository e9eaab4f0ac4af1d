"""Passwords that are tried first: those of leaks, and what people make of them."""

from __future__ import annotations

import re

# the commonest stems of leaked passwords; short ones count because people
# stretch them to the asked length with digits, marks or by saying them twice
_STEMS = frozenset("""
    password passwort passw0rd p@ssword p@ssw0rd pa55word passphrase contrasena motdepasse
    qwerty qwertyuiop qwertz azerty asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc 1qaz2wsx
    1qaz2wsx3edc 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y q1w2e3r4 q1w2e3r4t5 abc abcd abcdef abcdefg
    abcdefgh abcdefghijkl letmein letmeinnow welcome welcomehome iloveyou iloveyousomuch ilovegod
    admin administrator root user guest test testtest testing default changeme changemenow
    changeit secret topsecret login master superuser supervisor manager operator doctor patient
    viewer camera hospital nurse clinic student university campus school college raspberry
    raspberrypi arduino esp32 iotd internet computer homeassistant football baseball basketball
    soccer monkey dragon shadow sunshine princess superman batman starwars trustno pokemon
    michael jennifer jessica charlie jordan ashley daniel thomas hunter killer pepper ginger
    cheese summer winter spring autumn monday january december freedom whatever nothing hello
    helloworld hellohello goodmorning mustang ferrari mercedes harley corvette cookie chocolate
    banana orange purple flower butterfly lovely loveme loveyou forever samsung google facebook
    linkedin liverpool chelsea arsenal barcelona realmadrid manchester
""".split())

_SEQUENCES = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")
_LEET = str.maketrans("@4301!5$7", "aaeolisst")


def is_common(password: str) -> bool:
    """Whether a guesser would come to it within the first thousands of tries."""
    text = re.sub(r"[\s._-]", "", password.lower())
    if len(set(text)) < 4 or text in _STEMS or _runs(text):
        return True
    return any(_stem(spelling) in _STEMS for spelling in (text, text.translate(_LEET)))


def _stem(text: str) -> str:
    """What is left without digits and marks around it, said once."""
    core = re.sub(r"^[\d\W]+|[\d\W]+$", "", text) or text
    twice = re.fullmatch(r"(.{3,}?)\1+", core)
    return twice.group(1) if twice else core


def _runs(text: str) -> bool:
    """Whether it only walks along the alphabet, the digits or the keyboard."""
    turned = text[::-1]
    return any(text in row * 2 or turned in row * 2 for row in _SEQUENCES)
