"""What is told of our own faults: where, never with what.

Values of a fault (a card, a code) are in its message, its cause and in the variables
of a trace; a console keeps what it has shown.
"""

from pathlib import Path
from traceback import walk_tb


def told(fault: BaseException) -> str:
    """Return the kind of a fault and the places it came through, without values."""
    frames = (frame for frame, _ in walk_tb(fault.__traceback__))
    places = [
        f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}" for frame in frames
    ]
    return " ".join([type(fault).__name__, *places[-4:]])
