import calendar
from datetime import date, timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .ekarte_segment import partners_of
from .own import check_still_own

WEEKDAYS = [
    ("0", "Monday"),
    ("1", "Tuesday"),
    ("2", "Wednesday"),
    ("3", "Thursday"),
    ("4", "Friday"),
    ("5", "Saturday"),
    ("6", "Sunday"),
]


def nth_weekday(year, month, weekday, nth):
    """Return the nth such weekday of a month; 5 is the last one.

    >>> nth_weekday(2026, 10, 6, 1)
    datetime.date(2026, 10, 4)
    """
    first = date(year, month, 1)
    day = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))
    return day if day.month == month else day - timedelta(days=7)


class EkarteProfessionDay(models.Model):
    """The holiday of a profession: a day of each year, or such a weekday of a month."""

    _name = "ekarte.profession.day"
    _description = "Professional holiday"
    _order = "month, day, nth, id"

    name = fields.Char("Holiday", required=True, translate=True)
    issuer_id = fields.Many2one(
        "ekarte.issuer",
        required=True,
        ondelete="cascade",
        index=True,
        default=lambda self: self.env["ekarte.issuer"]._default_issuer(),
    )
    company_id = fields.Many2one(related="issuer_id.company_id", store=True)
    choice_ids = fields.Many2many(
        "ekarte.questionnaire.choice",
        "ekarte_profession_day_choice_rel",
        "holiday_id",
        "choice_id",
        string="Professions Chosen",
        domain="[('field_id.special', '=', 'profession'),"
        " ('field_id.questionnaire_id.issuer_id', '=', issuer_id)]",
        help="Choices of the question for the profession.",
    )
    words = fields.Char(
        "Professions in Words",
        help="Where the profession is written freely: e.g. nurse, medmāsa, медсестра.",
    )
    rule = fields.Selection(
        [("day", "A day of the year"), ("weekday", "A weekday of the month")],
        "When",
        required=True,
        default="day",
    )
    month = fields.Integer(required=True, default=1, aggregator=None)
    day = fields.Integer(default=1, aggregator=None)
    weekday = fields.Selection(WEEKDAYS, default="6")
    nth = fields.Selection(
        [
            ("1", "First"),
            ("2", "Second"),
            ("3", "Third"),
            ("4", "Fourth"),
            ("5", "Last"),
        ],
        "Which",
        default="1",
    )
    next_on = fields.Date("Next", compute="_compute_next_on")
    active = fields.Boolean(default=True)

    def write(self, vals):
        done = super().write(vals)
        check_still_own(self)
        return done

    @api.constrains("month", "day", "rule", "choice_ids", "issuer_id")
    def _check_day(self):
        for one in self:
            if not 1 <= one.month <= 12 or (
                one.rule == "day"
                and not 1 <= one.day <= calendar.monthrange(2024, one.month)[1]
            ):
                raise ValidationError(self.env._("There is no such day."))
            owner = one.choice_ids.field_id.questionnaire_id.issuer_id
            if owner - one.issuer_id:
                raise ValidationError(
                    self.env._("Choose professions of the issuer's own questionnaire.")
                )

    @api.depends("month", "day", "rule", "weekday", "nth")
    def _compute_next_on(self):
        today = fields.Date.context_today(self)
        for one in self:
            days = [one._in_year(year) for year in (today.year, today.year + 1)]
            one.next_on = next((day for day in days if day and day >= today), False)

    def _in_year(self, year):
        """Return the day in a year; 29 February is kept on the 28th in most."""
        if not 1 <= self.month <= 12:
            return None
        if self.rule == "weekday":
            return nth_weekday(year, self.month, int(self.weekday), int(self.nth))
        last = calendar.monthrange(year, self.month)[1]
        return date(year, self.month, max(1, min(self.day, last)))

    @api.model
    def _between(self, issuer, first, last):
        """Return an issuer's holidays that fall on days from first to last."""
        years = {first.year, last.year}
        return self.search([("issuer_id", "=", issuer.id)]).filtered(
            lambda one: any(first <= one._in_year(year) <= last for year in years)
        )

    def _of_profession(self, issuer):
        """Return who has one of the professions, as a sub-select of partners."""
        choices = self.choice_ids
        said = [word for one in self for word in (one.words or "").split(",")]
        for code, _name in self.env["res.lang"].get_installed():
            # The contact keeps the word in the language in which it was chosen.
            said += choices.with_context(lang=code).mapped("name")
        words = sorted({word.strip().lower() for word in said if word.strip()})
        return partners_of(
            "profession",
            issuer=issuer.id,
            company=str(issuer.company_id.id),
            choices=choices.ids,
            words=words,
        )
