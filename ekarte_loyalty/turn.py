"""One at a time, where a second one at the same instant has to know of the first."""

from .queries import fetch


def take_turn(cr, turn):
    """Wait for whoever has this turn; keep it until the transaction ends.

    That shows nothing new yet: an Odoo transaction goes on seeing what stood when it
    began. Ask `seen_anew` what others have committed, and let Odoo try again.
    """
    fetch(cr, "turn.sql", "wait", turn=turn)


def seen_anew(env, name, **values):
    """Return the rows of a query of turn.sql as a transaction sees them that begins
    now, on a connection of its own."""
    with env.registry.cursor() as cr:
        return fetch(cr, "turn.sql", name, **values)
