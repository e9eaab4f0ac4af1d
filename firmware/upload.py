"""Put MicroPython, firmware and settings onto a board: the same as ``iotd flash``.

    python firmware/upload.py [the options of iotd flash]

Runs with the Python that has iotd installed, and in a checkout finds ``.venv`` by itself.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def main() -> int:
    """Hand everything over; tells how to install iotd where there is none."""
    checkout = os.path.dirname(HERE)
    if os.path.isfile(os.path.join(checkout, "iotd", "__init__.py")):
        sys.path.insert(0, checkout)
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != HERE]
    try:
        from iotd.cli.main import main as iotd
    except ImportError as problem:
        return with_own_python(os.path.join(checkout, ".venv", "bin", "python"), problem)
    return iotd(["flash"] + sys.argv[1:])


def with_own_python(python: str, problem: ImportError) -> int:
    """Begin anew with the checkout's own Python, once."""
    if os.path.isfile(python) and os.path.realpath(sys.prefix) != os.path.realpath(
            os.path.dirname(os.path.dirname(python))):
        os.execv(python, [python, os.path.abspath(__file__)] + sys.argv[1:])
    print(f"iotd can't be loaded ({problem}): make install in the checkout, or pip install iotd",
          file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
