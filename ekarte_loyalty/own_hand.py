"""The mark by which our own code is known where other code is refused.

A context comes from the browser as JSON; an object cannot come that way.
"""

OWN_HAND = object()


def by_own_hand(records):
    """Return the records for a change that only our own code may make."""
    return records.with_context(ekarte_own_hand=OWN_HAND)


def is_own_hand(env):
    """Say whether our own code is at work."""
    return env.context.get("ekarte_own_hand") is OWN_HAND
