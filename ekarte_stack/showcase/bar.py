"""The progress of a year: a bar that moves for a person, a line a month for a log."""

import sys
import time
from datetime import date

WIDTH = 32
SHOWN_EVERY_S = 0.2


class Bar:
    """Tells how far a year has come, how quick it is, and how long it will take."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._began = time.monotonic()
        self._shown = 0.0
        self._month = ""
        self._is_tty = sys.stdout.isatty()

    def tell(self, done: int, day: date, operations: int) -> None:
        """Show that so many days are over, the last of them `day`."""
        now = time.monotonic()
        month = f"{day:%b %Y}"
        ended = done == self._total
        if self._is_tty:
            if now - self._shown > SHOWN_EVERY_S or ended:
                self._shown = now
                sys.stdout.write("\r" + self._text(done, month, operations, now))
                sys.stdout.write("\n" if ended else "\x1b[K")
                sys.stdout.flush()
        elif month != self._month or ended:
            print(self._text(done, month, operations, now), flush=True)
        self._month = month

    def _text(self, done: int, month: str, operations: int, now: float) -> str:
        passed = max(now - self._began, 0.001)
        left = passed * (self._total - done) / max(done, 1)
        full = done * WIDTH // self._total
        return (
            f"   {'█' * full}{'░' * (WIDTH - full)} {month} · {operations} operations"
            f" · {operations / passed:.0f} a second · {_minutes(left)} left"
        )


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
