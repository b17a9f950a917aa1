"""Runs a training as Python would, observed: ``python -m handover.observation DELIVERY SUMMARY (-m MODULE | FILE)``.

Nothing but the standard library is imported before the training is: the order in which libraries are loaded is its own.
"""

import runpy
import sys
from pathlib import Path

from handover.observation.observer import Observer


def main() -> None:
    """Run the program of the command line; what it raises, ``SystemExit`` too, goes on as if Python had run it."""
    delivery, summary, *program = sys.argv[1:]
    with Observer(Path(delivery), Path(summary)):
        if program[0] == "-m":
            sys.argv = program[1:]
            runpy.run_module(program[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = program
            if not sys.flags.safe_path:
                sys.path[0] = str(Path(program[0]).resolve().parent)
            runpy.run_path(program[0], run_name="__main__")


if __name__ == "__main__":
    main()
