"""A program in a few words: what its kind does, and what its figures say."""

from odoo import api, fields, models
from odoo.tools import format_amount

from ..units import to_basis_points
from .ekarte_program import WEEKDAYS
from .ekarte_program_parameters import STEPS, parameters_of


class EkarteProgram(models.Model):
    _inherit = "ekarte.program"

    kind_text = fields.Char("What It Does", compute="_compute_kind_text")
    summary = fields.Text("In Short", compute="_compute_summary")

    @api.depends("kind")
    @api.depends_context("lang")
    def _compute_kind_text(self):
        texts = self._kind_texts()
        for program in self:
            program.kind_text = texts.get(program.kind)

    def _kind_texts(self):
        return {
            "gift_card": self.env._("Money loaded on a card and spent until empty."),
            "bonus_amount": self.env._("Points for what was spent."),
            "bonus_visit": self.env._("Points for each visit, whatever its sum."),
            "bonus_prize": self.env._("Points that become vouchers and better cards."),
            "exchange": self.env._("Points of one program buy goods of any issuer."),
            "fixed_discount": self.env._("The same discount on each purchase."),
            "accumulated_discount": self.env._(
                "A discount that grows with what the card has spent."
            ),
            "calculated_discount": self.env._(
                "A discount that depends on the sum of this purchase."
            ),
            "purchase_accounting": self.env._(
                "Counts purchases and gives tickets of a draw; no price changes."
            ),
            "credit_card": self.env._("Buy now, pay by the statement later."),
            "attendance": self.env._("Counts the visits of regular customers."),
            "visit_pass": self.env._("So many visits, paid in advance."),
        }

    @api.depends(
        *("kind", "scale", "mode", "denomination_ids.amount", "min_load"),
        *("max_balance", "step", "points_per_step", "points_per_visit"),
        *("convert_at", "convert_to", "expire_days", "prize_ids.at"),
        *("prize_ids.voucher_kind", "prize_ids.value", "prize_ids.product"),
        *("referral_points", "points_of_id.name", "good_ids.product"),
        *("good_ids.points", "good_ids.unit", "rate", "after_spend", *STEPS),
        *("tier_ids.amount_from", "tier_ids.rate", "idle_days", "idle_step_rate"),
        *("ticket_per", "credit_limit", "statement_day", "due_days"),
        *(
            "block_overdue_days",
            "late_charge",
            "min_gap_minutes",
            "max_per_day",
            "visits",
        ),
        *("price", "valid_days", *WEEKDAYS, "hour_ids.hour_from", "hour_ids.hour_to"),
    )
    @api.depends_context("lang")
    def _compute_summary(self):
        for program in self:
            lines = program.kind and getattr(program, f"_summary_{program.kind}")()
            lines = lines and [*lines, program._line_when()]
            program.summary = "\n".join(line for line in lines or () if line) or False

    def _money(self, amount):
        return format_amount(self.env, amount, self.currency_id)

    def _percent(self, rate):
        return f"{to_basis_points(rate) / 100:g} %"

    # Each kind in its own words: a list of lines, empty while figures are missing

    def _summary_gift_card(self):
        sums = ", ".join(self._money(one.amount) for one in self.denomination_ids)
        if sums:
            return [self.env._("Sold with %(sums)s, spent until empty.", sums=sums)]
        return [
            self.env._(
                "Sold with any sum from %(min)s, up to %(max)s on a card.",
                min=self._money(self.min_load),
                max=self._money(self.max_balance),
            )
        ]

    def _summary_bonus_amount(self):
        return [*self._line_steps(), *self._lines_points()] if self.step else []

    def _summary_bonus_visit(self):
        visit = self.env._(
            "Points for a visit: %(points)s.", points=self.points_per_visit
        )
        return [visit, *self._lines_points(), *self._lines_visits()]

    def _summary_bonus_prize(self):
        if not self.step:
            return []
        lines = self._line_steps()
        for prize in self.prize_ids:
            goods = prize.voucher_kind == "goods"
            what = prize.product if goods else self._money(prize.value)
            lines.append(
                self.env._(
                    "%(points)s points: a voucher for %(what)s.",
                    points=prize.at,
                    what=what,
                )
            )
        if self.referral_points:
            lines.append(
                self.env._(
                    "For bringing a friend: %(points)s points.",
                    points=self.referral_points,
                )
            )
        return [*lines, *self._lines_end()]

    def _summary_exchange(self):
        return [
            self.env._(
                "%(product)s, %(unit)s: %(points)s points.",
                product=good.product,
                points=good.points,
                unit=good.unit,
            )
            for good in self.good_ids
        ]

    def _summary_fixed_discount(self):
        if not self.rate:
            return []
        if not self.after_spend:
            return [self.env._("%(rate)s at once.", rate=self._percent(self.rate))]
        return [
            self.env._(
                "%(rate)s for a card that has spent %(sum)s.",
                rate=self._percent(self.rate),
                sum=self._money(self.after_spend),
            )
        ]

    def _summary_accumulated_discount(self):
        lines = self._lines_tiers() if self.scale == "tiers" else self._lines_growth()
        if lines and self.idle_days:
            lines.append(
                self.env._(
                    "Each %(days)s days without a purchase: %(rate)s less.",
                    days=self.idle_days,
                    rate=self._percent(self.idle_step_rate),
                )
            )
        return lines

    def _lines_tiers(self):
        return [
            self.env._(
                "From %(sum)s spent: %(rate)s.",
                sum=self._money(tier.amount_from),
                rate=self._percent(tier.rate),
            )
            for tier in self.tier_ids
        ]

    def _lines_growth(self):
        if not self.step_amount:
            return []
        return [
            self.env._(
                "%(base)s to start with, %(step)s more for each whole %(sum)s spent,"
                " at most %(max)s.",
                base=self._percent(self.base_rate),
                step=self._percent(self.step_rate),
                sum=self._money(self.step_amount),
                max=self._percent(self.max_rate),
            )
        ]

    def _summary_calculated_discount(self):
        marginal = self.mode == "marginal"
        return [
            self.env._(
                "%(rate)s for the part of a purchase above %(sum)s.",
                rate=self._percent(tier.rate),
                sum=self._money(tier.amount_from),
            )
            if marginal
            else self.env._(
                "%(rate)s for a purchase of %(sum)s or more.",
                rate=self._percent(tier.rate),
                sum=self._money(tier.amount_from),
            )
            for tier in self.tier_ids
        ]

    def _summary_purchase_accounting(self):
        if not self.ticket_per:
            return [self.env._("Sums and purchases are counted.")]
        return [
            self.env._(
                "A ticket for each whole %(sum)s of a purchase.",
                sum=self._money(self.ticket_per),
            )
        ]

    def _summary_credit_card(self):
        if not self.credit_limit:
            return []
        return [
            self.env._(
                "Credit up to %(limit)s. A statement on day %(day)s of each month, to"
                " pay within %(days)s days.",
                limit=self._money(self.credit_limit),
                day=self.statement_day,
                days=self.due_days,
            ),
            self.env._(
                "A debtor's card is refused %(days)s days after that.",
                days=self.block_overdue_days,
            ),
            self.late_charge
            and self.env._(
                "Who pays late is charged %(sum)s.", sum=self._money(self.late_charge)
            ),
        ]

    def _summary_attendance(self):
        return [self.env._("Visits are counted."), *self._lines_visits()]

    def _summary_visit_pass(self):
        if not self.visits:
            return []
        pass_line = self.env._(
            "%(visits)s visits for %(price)s.",
            visits=self.visits,
            price=self._money(self.price),
        )
        ends = self.valid_days and self.env._(
            "They end after %(days)s days.", days=self.valid_days
        )
        return [pass_line, ends, *self._lines_visits()]

    # What several kinds have to say

    def _line_when(self):
        labels = [
            self._fields[day]._description_string(self.env)
            for day in WEEKDAYS
            if self[day]
        ]
        hours = [f"{span['from']}–{span['to']}" for span in self.hour_ids._as_part()]
        if not labels and not hours:
            return ""
        when = " ".join(filter(None, (", ".join(labels), ", ".join(hours))))
        return self.env._("Only: %(when)s.", when=when)

    def _line_steps(self):
        return [
            self.env._(
                "Points for each whole %(step)s of a purchase: %(points)s.",
                points=self.points_per_step,
                step=self._money(self.step),
            )
        ]

    def _lines_points(self):
        converts = self.convert_at and self.env._(
            "Every %(points)s points become %(money)s to spend.",
            points=self.convert_at,
            money=self._money(self.convert_to),
        )
        return [converts, *self._lines_end()]

    def _lines_end(self):
        return [
            self.expire_days
            and self.env._("They end after %(days)s days.", days=self.expire_days)
        ]

    def _lines_visits(self):
        limits = parameters_of(self.kind)
        gap = "min_gap_minutes" in limits and self.min_gap_minutes
        most = "max_per_day" in limits and self.max_per_day
        return [
            gap
            and self.env._(
                "A visit counts %(minutes)s minutes after the one before.", minutes=gap
            ),
            most and self.env._("Visits a day at most: %(visits)s.", visits=most),
        ]
