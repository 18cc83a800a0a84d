"""What the subscriber's pages show of a card: its face, balances, next steps.

Everything here is called in sudo on cards that were found to be the reader's own (see
`_of_subscriber`), and words itself in the reader's language.
"""

from datetime import datetime, timezone
from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_amount, format_date, format_datetime

from ekarte_core import standing

from ..units import from_minor

ENDED = ("lost", "stolen", "replaced", "expired", "closed")
FACES = 6
"""So many colours of cards the stylesheet has."""

SHOWN = ("money", "points", "visits", "credit", "tickets")
"""What a purse is shown for; the rest are counts that rules look at, and vouchers."""


class BalanceShown(NamedTuple):
    """One balance as people see it."""

    program: str
    issuer: str
    measure: str
    amount: str
    unit: str
    held: str
    positive: bool


class StepShown(NamedTuple):
    """A program's standing: now, what is missing, how far along (percent)."""

    program: str
    issuer: str
    now: str
    ahead: str
    percent: int | None
    gives: str


class EndShown(NamedTuple):
    """A part of a purse and when it ends."""

    program: str
    issuer: str
    amount: str
    until: str
    soon: bool


class EkarteCard(models.Model):
    _inherit = "ekarte.card"

    def _page_memberships(self):
        """Return memberships in the order in which the card took part."""
        return self.membership_ids.filtered("issuer_id").sorted("since")

    def _page_issuers(self):
        return self._page_memberships().issuer_id

    def _page_face(self):
        """Return what is printed on the card as it is drawn."""
        self.ensure_one()
        memberships = self._page_memberships()
        first = memberships[:1]
        return {
            "title": first.card_type_id.name or first.issuer_id.name or "",
            "issuer": first.issuer_id.name or self.env._("Card"),
            "others": (memberships.issuer_id - first.issuer_id).mapped("name"),
            "colour": first.card_type_id.id % FACES,
            "number": self._page_number(),
            "state": self._page_state(),
            "in_use": self.state in ("new", "active"),
        }

    def _page_number(self):
        """Return the mask in groups of four, as it stands on plastic."""
        mask = self.number.replace("*", "•")
        return " ".join(mask[at : at + 4] for at in range(0, len(mask), 4))

    def _page_state(self):
        field = self._fields["state"]
        return dict(field._description_selection(self.env)).get(self.state, "")

    @api.model
    def _page_units(self):
        return {
            "points": self.env._("points"),
            "visits": self.env._("visits"),
            "tickets": self.env._("tickets"),
        }

    def _page_balances(self):
        """Return the balances of the account: what it holds first, money before points.

        A card is drawn with two of them, which should not be the empty ones.
        """
        self.ensure_one()
        purses = self._page_purses().filtered(
            lambda purse: (
                purse.measure in SHOWN
                and (
                    purse.balance or purse.held or purse.measure in ("money", "points")
                )
            )
        )
        purses = purses.sorted(
            lambda one: (not one.balance, SHOWN.index(one.measure), one.id)
        )
        return [self._page_balance(purse) for purse in purses]

    def _page_purses(self):
        return self.env["ekarte.purse"].search([("card_id", "=", self.account_id.id)])

    def _page_balance(self, purse):
        units = self._page_units()
        return BalanceShown(
            program=purse.program_id.name or purse.program_code,
            issuer=purse.issuer_id.name or purse.issuer_code,
            measure=purse.measure,
            amount=purse._in_words(purse.balance),
            unit=units.get(purse.measure, ""),
            held=purse.held_text if purse.held else "",
            positive=purse.balance > 0,
        )

    # Next steps

    def _page_steps(self, issuer=None):
        """Return where the card stands in its programs, as the ledger says.

        Args:
            issuer: whose programs; all issuers' by default.
        """
        self.ensure_one()
        network = self.env["ekarte.desk"]._network()
        now = datetime.now(timezone.utc)
        steps = standing(self.env.cr, network, self.id, now)
        own = self._page_issuers().mapped("code")
        if issuer:
            own = [code for code in own if code == issuer.code]
        steps = [step for step in steps if step.issuer in own]
        steps = sorted(steps, key=lambda one: (own.index(one.issuer), not one.gives))
        issuers = {
            issuer.code: issuer.name for issuer in self.env["ekarte.issuer"].search([])
        }
        groups = self.env["ekarte.goods.group"].search([])
        names = {group.code: group.name for group in groups}
        return [
            StepShown(
                program=self._page_step_name(step, names),
                issuer=issuers.get(step.issuer, step.issuer),
                now=self._page_step_now(step),
                ahead=self._page_step_ahead(step),
                percent=_percent(step),
                gives=step.gives,
            )
            for step in steps
        ]

    def _page_step_name(self, step, groups):
        if not step.group:
            return step.name
        return f"{step.name} · {groups.get(step.group, step.group)}"

    def _page_money(self, minor):
        currency = self.env["ekarte.network"]._get().currency_id
        return format_amount(self.env, from_minor(minor), currency)

    def _page_step_now(self, step):
        if step.counts == "points":
            return self.env._("%(count)s points", count=step.done)
        if step.counts == "earned":
            return ""
        return self._page_rate(step.rate_bp)

    def _page_rate(self, rate_bp):
        whole, part = divmod(rate_bp, 100)
        point = "." if (self.env.lang or "en")[:2] == "en" else ","
        decimals = f"{point}{part:02d}".rstrip("0") if part else ""
        return f"{whole}{decimals}\u00a0%"

    def _page_step_ahead(self, step):
        """Say what is missing, and to what."""
        if step.gives == "rate":
            values = {
                "amount": self._page_money(step.missing),
                "rate": self._page_rate(step.amount),
            }
            if step.counts == "purchase":
                return self.env._("%(rate)s from %(amount)s in one purchase", **values)
            return self.env._("Spend %(amount)s more for %(rate)s", **values)
        if not step.gives:
            return self.env._("This is the highest step.") if step.rate_bp else ""
        values = {"count": step.missing, "what": self._page_gain(step)}
        return self.env._("%(count)s more points for %(what)s", **values)

    def _page_gain(self, step):
        """Return what points lead to."""
        if step.gives == "money":
            amount = self._page_money(step.amount)
            return self.env._("%(amount)s to spend", amount=amount)
        if step.gives == "prize":
            amount = self._page_money(step.amount)
            return self.env._("a voucher of %(amount)s", amount=amount)
        if step.gives == "goods":
            return step.what
        types = self.env["ekarte.card.type"].search([("code", "=", step.what)], limit=1)
        return self.env._("the card “%(name)s”", name=types.name or step.what)

    # What ends

    def _page_ends(self):
        """Return the parts of the account's purses that end, the first first."""
        self.ensure_one()
        lots = self.env["ekarte.lot"].search(
            [("card_id", "=", self.account_id.id), ("valid_until", "!=", False)]
        )
        lots = lots.filtered(
            lambda lot: lot.balance > 0 and lot.purse_id.measure in SHOWN
        )
        soon = fields.Datetime.add(fields.Datetime.now(), days=30)
        units = self._page_units()
        return [
            EndShown(
                program=lot.purse_id.program_id.name,
                issuer=lot.issuer_id.name,
                amount=f"{lot.balance_text} {units.get(lot.purse_id.measure, '')}",
                until=self._page_day(lot.valid_until, lot.issuer_id),
                soon=lot.valid_until < soon,
            )
            for lot in lots.sorted("valid_until")
        ]

    def _page_vouchers(self):
        """Return the account's vouchers: those to use first, moved ones left out."""
        self.ensure_one()
        vouchers = self.env["ekarte.voucher"].search(
            [("card_id", "=", self.account_id.id), ("state", "!=", "moved")]
        )
        return vouchers.sorted(lambda one: (one.state != "open", -one.id))

    def _page_month(self, month):
        """Return what happened on the card in a month, YYYY-MM, the first first."""
        first = fields.Date.to_date(f"{month}-01")
        operations = self.env["ekarte.operation"]
        return operations.search(
            operations._page_domain(self)
            & Domain("business_day", ">=", first)
            & Domain("business_day", "<", fields.Date.add(first, months=1)),
            order="id",
        )

    def _page_zone(self, issuer, branch=None):
        """Return the time zone of a place: a subscriber's own is seldom known."""
        zone = (branch or issuer.branch_ids[:1]).time_zone
        return zone or self.env.user.tz or "UTC"

    def _page_day(self, moment, issuer):
        """Write the day of a moment; an end at midnight is that of the day before."""
        local = fields.Datetime.context_timestamp(
            self.with_context(tz=self._page_zone(issuer)),
            fields.Datetime.subtract(moment, seconds=1),
        )
        return format_date(self.env, local.date())

    def _page_time(self, moment, issuer, branch=None):
        zone = self._page_zone(issuer, branch)
        return format_datetime(self.env, moment, tz=zone, dt_format="short")


def _percent(step):
    if step.counts == "purchase" or not step.gives:
        return None
    whole = step.done + step.missing
    return 100 * step.done // whole if whole else 0
