"""The gateway's clock, held by us: libfaketime in the unchanged process.

The file that it reads says how far the clock is off. Only the time of day moves: what
measures durations does not, on no machine. PostgreSQL keeps its own time.
"""

import random
import time
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

from ekarte_stack.chaos import town
from ekarte_stack.chaos.stand import Stand
from ekarte_stack.steps import StackError

LIBRARY = "lib/*/faketime/libfaketimeMT.so.1"
FILE = "clock"
JUMPS_S = (3600, -7200, 2 * town.HOLD_S, -90, 86_400)
AHEAD_S = 1.0  # so long before the moment the clock is set
# Riga's summer time ends and begins, and a day ends: by hour of the universal clock.
MIDNIGHT: tuple[datetime | None, ...] = (None,)
SUMMER: tuple[datetime | None, ...] = (
    datetime(2026, 10, 25, 1, tzinfo=timezone.utc),
    datetime(2027, 3, 28, 1, tzinfo=timezone.utc),
)


def variables(at: Stand) -> Mapping[str, str]:
    """Return what a gateway is started with, so that its clock can be set."""
    found = sorted(Path("/usr").glob(LIBRARY))
    if not found:
        raise StackError(
            "there is no libfaketime", advice="install the package libfaketime"
        )
    file = at.place.folder / FILE
    if not file.exists():
        file.write_text("+0")
        file.chmod(0o644)
    return {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def set_off(at: Stand, seconds: float) -> None:
    """Set the gateways' clock off by so much from now on."""
    fresh = at.place.folder / f"{FILE}.new"
    fresh.write_text(f"{seconds:+.3f}")
    fresh.chmod(0o644)
    fresh.replace(at.place.folder / FILE)


def jump(at: Stand, dice: random.Random) -> None:
    """Jump a few times, and be right again."""
    for seconds in dice.sample(JUMPS_S, 3):
        set_off(at, seconds)
        at.wait(0.3, 0.6)
    set_off(at, 0)


def pass_by(at: Stand, dice: random.Random, whens: tuple[datetime | None, ...]) -> None:
    """Live through one of these moments; None is the end of today."""
    when = dice.choice(whens) or midnight()
    set_off(at, when.timestamp() - AHEAD_S - time.time())
    at.wait(2 * AHEAD_S, 2.5 * AHEAD_S)
    set_off(at, 0)


def midnight() -> datetime:
    """When today ends in the town."""
    zone = ZoneInfo(town.ZONE)
    tomorrow = datetime.now(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time_of_day(), zone)
