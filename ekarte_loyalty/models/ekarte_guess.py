"""Wrong tries on the subscriber's site: counted before they are looked at."""

import logging

from odoo import api, fields, models

from ..queries import queries

_logger = logging.getLogger(__name__)

# Wrong tries, and seconds until they are forgotten.
LIMITS = {"user": (10, 3600), "address": (40, 3600), "card": (5, 86400)}


class EkarteGuess(models.Model):
    """How often somebody, some place, or somebody at one card, was wrong lately.

    Written before the try is looked at: of two tries at a time one waits, and starts
    again with the count of the other. A number that was tried is never kept.
    """

    _name = "ekarte.guess"
    _description = "Wrong tries on the subscriber's site"
    _rec_name = "who"
    _order = "since desc, id desc"
    _log_access = False

    who = fields.Char(required=True, readonly=True, help="A user, address or card.")
    tries = fields.Integer(required=True, readonly=True)
    since = fields.Datetime(required=True, readonly=True)

    _who_uniq = models.UniqueIndex("(who)", "Counted already.")

    @api.model
    def _may_try(self, **whose):
        """Count a try of each kind; say whether it may be looked at.

        Args:
            whose: `user`, `address` and `card`, each what stands for it.
        """
        allowed = True
        for kind, value in whose.items():
            limit, window = LIMITS[kind]
            self.env.cr.execute(
                queries("subscriber.sql")["count_try"],
                {
                    "who": f"{kind} {value}",
                    "now": fields.Datetime.now(),
                    "window": window,
                },
            )
            allowed = self.env.cr.fetchone()[0] <= limit and allowed
        self.invalidate_model(flush=False)
        if not allowed:
            _logger.warning("too many wrong tries: %s", _told(whose))
        return allowed

    @api.model
    def _was_wrong(self, **whose):
        """Tell those who watch the log; never what was typed."""
        _logger.warning("a card was not proven: %s", _told(whose))

    @api.model
    def _was_right(self, **whose):
        """Forget what was counted: whoever holds a card mistypes too."""
        names = [f"{kind} {value}" for kind, value in whose.items()]
        self.sudo().search([("who", "in", names)]).unlink()

    @api.autovacuum
    def _forget(self):
        longest = max(window for _limit, window in LIMITS.values())
        past = fields.Datetime.subtract(fields.Datetime.now(), seconds=longest)
        self.search([("since", "<", past)]).unlink()


def _told(whose):
    return ", ".join(f"{kind} {value}" for kind, value in whose.items())
