from datetime import date, timedelta

from odoo import api, fields, models

from ..queries import fetch, queries

SPANS = (7, 30, 90, 365)
"""Days that a dashboard looks back."""

STILL_OPEN = 1
"""Business days that may still get operations, beside the last one counted."""

COUNTED = "ekarte_loyalty.counted_until"
"""Parameter: the last day that a cut-off job had counted."""

TABLES = ("sales", "branches", "answers", "programs", "customers")
MODELS = (
    *("ekarte.daily.sale", "ekarte.daily.branch", "ekarte.daily.answer"),
    *("ekarte.daily.program", "ekarte.daily.count", "ekarte.branch.customer"),
)


class EkarteDaily(models.AbstractModel):
    """Keeps the sums of days: from the ledger, by SQL, again and again the same."""

    _name = "ekarte.daily"
    _description = "Daily Sums"

    @api.model
    def _cron_count(self):
        """Count in portions, each kept: a job may be cut off after two minutes."""
        until = fields.Date.today()
        self.env.flush_all()
        days = self._days(self._since(until))
        self.env["ir.cron"]._commit_progress(remaining=len(days))
        for day in days:
            self._count_day(day)
            self.env["ir.config_parameter"].sudo().set_param(COUNTED, day)
            if not self.env["ir.cron"]._commit_progress(1):
                return
        self._count_ends(until)

    @api.model
    def _count(self, until=None, afresh=False):
        """Count what happened since the last time, at once; returns the last day.

        Args:
            until: the last day; today if it is not said.
            afresh: everything anew, as after the ledger was restored.
        """
        until = until or fields.Date.today()
        self.env.flush_all()
        since = date.min if afresh else self._since(until)
        if afresh:
            # Customers are found by their days: before these are gone.
            for table in reversed(TABLES):
                self._run(f"forget_{table}", since=since, before=date.max)
        for day in self._days(since):
            self._count_day(day)
        self._count_ends(until, afresh)
        return until

    def _since(self, until):
        """Return the first day that may have changed since it was counted."""
        ((last,),) = fetch(self.env.cr, "daily.sql", "last_day")
        noted = self.env["ir.config_parameter"].sudo().get_param(COUNTED)
        cut_off = noted and date.fromisoformat(noted)
        if cut_off and cut_off > (last or date.min):
            return cut_off + timedelta(days=1)
        return min(last, until) - timedelta(days=STILL_OPEN) if last else date.min

    def _days(self, since):
        """Return the days of business from a day on."""
        found = fetch(self.env.cr, "daily.sql", "days", since=since)
        return [day for (day,) in found]

    def _count_day(self, day):
        self._run("one_at_a_time")
        for table in TABLES:
            span = {"since": day, "before": day + timedelta(days=1)}
            self._run(f"forget_{table}", **span)
            self._run(f"add_{table}", **span)

    def _count_ends(self, until, afresh=False):
        """Count what stands at the end of a day, after all days are there."""
        self._run("one_at_a_time")
        self._run("forget_counts", until=until, afresh=afresh)
        self._count_spans(until)
        for model in MODELS:
            self.env[model].invalidate_model(flush=False)

    def _count_spans(self, until):
        """Count cards and active holders, at the end and a span before it."""
        before = [until - timedelta(days=span) for span in SPANS]
        self._run("add_cards", days=[until, *before])
        self._run("add_expiring", until=until)
        for span, day in zip(SPANS, before, strict=True):
            self._run("add_active", day=until, days=span)
            self._run("add_active", day=day, days=span)

    def _run(self, name, **values):
        self.env.cr.execute(queries("daily.sql")[name], values)
