from datetime import date, datetime, timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from ekarte_core import standing

from ..units import to_basis_points, to_minor
from .ekarte_purse import MEASURES
from .ekarte_segment import partners_of

KINDS = [
    ("answer", "Answer to a question"),
    ("purchases", "Purchases"),
    ("balance", "Balance"),
    ("card_type", "Card type"),
    ("step", "Step reached, or near"),
    ("visit", "Last visit"),
    ("birthday", "Birthday"),
    ("profession_day", "Professional holiday"),
]
DAYS_MAX = 3660
YEAR = timedelta(days=366)
WHAT_IS_ASKED = {
    "answer": "field_id",
    "balance": "program_id",
    "card_type": "card_type_id",
    "step": "program_id",
}


def days_of_year(first, last):
    """Return the days from first to last as MM-DD, to compare birthdays with.

    29 February is kept on the 28th in years that do not have it.
    """
    found = set()
    for ordinal in range(first.toordinal(), min(last, first + YEAR).toordinal() + 1):
        day = date.fromordinal(ordinal)
        found.add(f"{day:%m-%d}")
        if (day.month, day.day) == (2, 28) and (day + timedelta(days=1)).month == 3:
            found.add("02-29")
    return sorted(found)


def _short(number):
    """Write a number without decimals that say nothing."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


class EkarteSegmentLine(models.Model):
    """One condition of a segment: all of them are to hold."""

    _name = "ekarte.segment.line"
    _description = "Condition of a segment"
    _order = "sequence, id"

    segment_id = fields.Many2one(
        "ekarte.segment", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="segment_id.company_id", store=True)
    issuer_id = fields.Many2one(related="segment_id.issuer_id")
    sequence = fields.Integer(default=10)
    kind = fields.Selection(KINDS, required=True, default="purchases")
    negate = fields.Boolean("Everybody But These")
    # What is asked
    field_id = fields.Many2one(
        "ekarte.questionnaire.field", "Question", ondelete="cascade"
    )
    field_kind = fields.Selection(related="field_id.kind", string="Kind of Answer")
    program_id = fields.Many2one("ekarte.program", ondelete="cascade")
    measure = fields.Selection(MEASURES, "Of", default="points")
    card_type_id = fields.Many2one("ekarte.card.type", ondelete="cascade")
    # Its limits
    choice_ids = fields.Many2many(
        "ekarte.questionnaire.choice",
        "ekarte_segment_line_choice_rel",
        "line_id",
        "choice_id",
        string="One Of",
    )
    text = fields.Char("Contains")
    yes_no = fields.Selection([("yes", "Yes"), ("no", "No")], "Answered")
    amount_from = fields.Float("At Least", digits=(16, 2))
    amount_to = fields.Float(
        "At Most", digits=(16, 2), help="Empty or 0: without a limit."
    )
    number_from = fields.Integer(aggregator=None)
    number_to = fields.Integer(aggregator=None, help="Empty or 0: without a limit.")
    days = fields.Integer(
        default=30,
        help="Purchases and visits: so many days back. Birthdays and holidays: so many"
        " days ahead, today included.",
    )
    date_from = fields.Date("From Day", help="Instead of a number of days.")
    date_to = fields.Date("To Day")
    rate_from = fields.Float("Discount From, %", digits=(5, 2))
    missing = fields.Float(
        "Missing at Most",
        digits=(16, 2),
        help="Who lacks no more than this to the next step: money, or points.",
    )
    summary = fields.Char("Condition", compute="_compute_summary")

    _days_ck = models.Constraint(
        f"CHECK (days >= 0 AND days <= {DAYS_MAX})", "Choose fewer days."
    )

    @api.constrains(
        "kind", "segment_id", "field_id", "choice_ids", "program_id", "card_type_id"
    )
    def _check_own(self):
        """A condition looks at what its issuer asks and runs, at nobody else's."""
        for line in self:
            asked = WHAT_IS_ASKED.get(line.kind)
            if asked and not line[asked]:
                raise ValidationError(
                    self.env._(
                        "Say what the condition is about: %(kind)s.", kind=line._kind()
                    )
                )
            owners = (
                line.field_id.questionnaire_id.issuer_id
                | line.choice_ids.field_id.questionnaire_id.issuer_id
                | line.program_id.issuer_id
                | line.card_type_id.issuer_id
            )
            if owners - line.segment_id.issuer_id:
                raise ValidationError(
                    self.env._("A condition looks at the segment's own issuer only.")
                )

    def _kind(self):
        return dict(self._fields["kind"]._description_selection(self.env))[self.kind]

    # Whom it means

    def _partner_domain(self, others):
        """Return whom the condition means, as a domain.

        Args:
            others: the domain of the conditions before, for what is slow to ask.
        """
        self.ensure_one()
        if self.kind == "step":
            asked = self.env["res.partner"].sudo().search(others)
            meant = [partner.id for partner in asked if self._stands(partner)]
        else:
            meant = getattr(self, f"_meant_by_{self.kind}")()
        return Domain("id", "not in" if self.negate else "in", meant)

    def _ask(self, name, **values):
        return partners_of(name, issuer=self.issuer_id.id, **values)

    def _meant_by_answer(self):
        kind = self.field_id.kind
        text = {"text": self.text and f"%{self.text}%", "yes_no": self.yes_no}
        number = kind == "number"
        dated = kind == "date"
        return self._ask(
            "answer",
            field=self.field_id.id,
            text=text.get(kind) or None,
            number_from=self.number_from if number else None,
            number_to=(number and self.number_to) or None,
            date_from=(dated and self.date_from) or None,
            date_to=(dated and self.date_to) or None,
            choices=self.choice_ids.ids if kind in ("choice", "choices") else None,
        )

    def _meant_by_purchases(self):
        today = self.segment_id._today(self.issuer_id)
        return self._ask(
            "purchases",
            date_from=self.date_from or self._back(today),
            date_to=self.date_to or today,
            number_from=self.number_from,
            number_to=self.number_to or None,
            **self._amounts(),
        )

    def _back(self, today):
        return today - timedelta(days=max(self.days - 1, 0))

    def _amounts(self):
        # As text: what people typed, exactly.
        return {
            "amount_from": str(self.amount_from) if self.amount_from else None,
            "amount_to": str(self.amount_to) if self.amount_to else None,
        }

    def _meant_by_balance(self):
        return self._ask(
            "balance",
            program=self.program_id.id,
            measure=self.measure,
            **self._amounts(),
        )

    def _meant_by_card_type(self):
        return self._ask("card_type", card_type=self.card_type_id.id)

    def _meant_by_visit(self):
        today = self.segment_id._today(self.issuer_id)
        return self._ask("visit", date_from=self._back(today))

    def _meant_by_birthday(self):
        today = self.segment_id._today(self.issuer_id)
        return self._ask(
            "birthday",
            company=str(self.company_id.id),
            days=days_of_year(today, today + timedelta(days=self.days)),
        )

    def _meant_by_profession_day(self):
        today = self.segment_id._today(self.issuer_id)
        holidays = self.env["ekarte.profession.day"]._between(
            self.issuer_id, today, today + timedelta(days=self.days)
        )
        return holidays._of_profession(self.issuer_id)

    def _stands(self, partner):
        """Say whether one of the partner's cards stands at, or near, the step."""
        cards = self.env["ekarte.holder"].sudo()._cards_of(partner, self.issuer_id)
        network = self.env["ekarte.desk"]._network()
        now = datetime.now(timezone.utc)
        return any(
            self._is_meant(step)
            for card in cards
            for step in standing(self.env.cr, network, card.id, now)
            if step.program == self.program_id.code
        )

    def _is_meant(self, step):
        if step.rate_bp < to_basis_points(self.rate_from):
            return False
        if not self.missing:
            return True
        counted = step.counts in ("points", "earned")
        most = int(self.missing) if counted else to_minor(self.missing)
        return bool(step.gives) and step.missing <= most

    # In words

    @api.depends(
        *("kind", "negate", "field_id", "program_id", "card_type_id", "choice_ids"),
        *("text", "yes_no", "amount_from", "amount_to", "number_from", "number_to"),
        *("days", "date_from", "date_to", "rate_from", "missing", "measure"),
    )
    @api.depends_context("lang")
    def _compute_summary(self):
        for line in self:
            words = [line._subject(), *line._limits()]
            said = ", ".join(filter(None, words))
            if line.negate:
                said = self.env._("all but: %(condition)s", condition=said)
            line.summary = said

    def _subject(self):
        measures = dict(self._fields["measure"]._description_selection(self.env))
        subjects = {
            "answer": self.field_id.name,
            "balance": f"{self.program_id.name or ''} · {measures.get(self.measure)}",
            "card_type": self.card_type_id.name,
            "step": self.program_id.name,
        }
        return subjects.get(self.kind) or (self.kind and self._kind())

    def _limits(self):
        if self.kind in ("purchases", "visit") and not self.date_from:
            yield self.env._("last %(days)s days", days=self.days)
        if self.kind in ("birthday", "profession_day"):
            yield self.env._("within %(days)s days", days=self.days)
        yield ", ".join(self.choice_ids.mapped("name"))
        yield self.text
        yield from self._span(self.amount_from, self.amount_to)
        yield from self._span(self.number_from, self.number_to)
        yield from self._span(
            self.date_from and format_date(self.env, self.date_from),
            self.date_to and format_date(self.env, self.date_to),
        )
        if self.rate_from:
            yield from self._span(f"{_short(self.rate_from)}\u00a0%", None)
        if self.missing:
            yield self.env._("at most %(count)s missing", count=_short(self.missing))

    def _span(self, low, high):
        """Say from where to where, leaving out an end that does not limit."""
        low, high = (
            _short(one) if isinstance(one, float) else one for one in (low, high)
        )
        if low and low != "0":
            yield self.env._("from %(limit)s", limit=low)
        if high and high != "0":
            yield self.env._("to %(limit)s", limit=high)
