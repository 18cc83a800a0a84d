"""What of a liability will never be used: expected breakage, by cumulative catch-up.

IFRS 15 B46 and B39 to B42: revenue to date is what was put off, times used over all
that is expected to be used. The card ledger releases a liability in proportion to all
that was issued, so the difference of the two stands on a contra account (LGX, LBX).
"""

from collections.abc import Iterable

import msgspec

RATE_ONE_BP = 10_000


class Cohort(msgspec.Struct, frozen=True, kw_only=True):
    """What was issued in one month, and what became of it until now; minor units.

    Attributes:
        issued: liability that the month built up, less what was taken back since.
        used: released by use.
        expired: released by an end.
    """

    issued: int
    used: int
    expired: int

    @property
    def outstanding(self) -> int:
        """Liability that is left."""
        return self.issued - self.used - self.expired


def expected_breakage(cohort: Cohort, rate_bp: int) -> int:
    """Return the part of the outstanding liability that counts as earned by now.

    Args:
        cohort: the month's figures at the day of the estimate.
        rate_bp: share of what was issued that is expected to be used, in basis points,
            above zero.

    Expiry has earned its own part already; so what it took goes off first. Never below
    zero, never more than what is left.
    """
    assert 0 < rate_bp <= RATE_ONE_BP, rate_bp
    unused_bp = RATE_ONE_BP - rate_bp
    earned = (2 * cohort.used * unused_bp + rate_bp) // (2 * rate_bp)
    return max(0, min(earned - cohort.expired, cohort.outstanding))


def redemption_rate(cohorts: Iterable[Cohort]) -> int:
    """Return the share that was used of what is used or expired, in basis points.

    The whole (10 000) where nothing has come to its end yet: no history, no estimate.
    """
    used = expired = 0
    for cohort in cohorts:
        used += cohort.used
        expired += cohort.expired
    ended = used + expired
    if used <= 0 or expired <= 0:
        return RATE_ONE_BP
    return max(1, (2 * used * RATE_ONE_BP + ended) // (2 * ended))
