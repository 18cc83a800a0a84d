from odoo import api, fields, models
from odoo.tools import format_amount

from odoo.addons.ekarte_loyalty.units import MINOR_DIGITS

from ekarte_core import Tender

from ..till_lines import digest
from .ekarte_checkout import approved

SHOWN_COUNTS = ("points", "visits")
CREDIT = "credit"
GIFT_KINDS = ("gift_card",)


def nothing():
    """Return the figures of a Quote that gives nothing."""
    return {
        "amount": 0,
        "discount": 0,
        "reduction": 0,
        "kept": 0,
        "due": 0,
        "tendered": {},
        "card_payment": 0,
        "earned": [],
        "next": [],
        "explain": [],
        "hold_until": None,
        "per_line": [],
        "off_lines": [],
        "payers": [],
    }


class EkarteCheckoutQuote(models.Model):
    _inherit = "ekarte.checkout"

    def _quote(self, cart, tender=None):
        """Ask the ledger what this card does for a cart; keep what it says.

        With a tender it is a preview only: what is asked for is held by `_hold`.
        """
        self.ensure_one()
        bought, _returned, _loads = self._sorted_out(self.config_id, cart)
        goods = self._goods(bought)
        answer = self._inquire(goods, tender)
        quote = self._told(answer, bought, goods)
        if tender is None and self.state == "open" and approved(answer):
            self.write(
                {
                    "cart": self._as_json(bought),
                    "goods": goods,
                    "answer": quote,
                    "amount": answer.amount,
                    "discount": answer.discount,
                }
            )
        return quote

    def _inquire(self, goods, tender=None):
        _batch, _number, answer = self._desk(
            "inquire",
            card=self._card(),
            lines=self._core_lines(goods),
            tender=tender or Tender(),
            # Nothing is booked, so nothing needs a number of its own.
            operation=1,
        )
        return answer

    def _told(self, answer, cart, goods):
        """Return an answer of the ledger as the till shows it: a Quote."""
        self.ensure_one()
        quote = {
            "rc": answer.rc,
            "message": answer.message,
            "card": self._card_told(answer),
            "code_asked": answer.code_asked,
            "tries_left": answer.tries_left,
            "spendable": self._spendable(answer),
            **nothing(),
            "lines_digest": digest(cart),
        }
        if not approved(answer):
            return quote
        rates = {}
        if answer.lines:
            self._share_out(goods, answer)
            rates = {
                one["uuid"]: told.rate
                for one, told in zip(goods, answer.lines, strict=True)
            }
        quote.update(self._figures(answer))
        quote.update(
            earned=self._earned(answer),
            per_line=[
                {
                    "uuid": one["uuid"],
                    "discount": one["discount"],
                    "rate": rates.get(one["uuid"], 0),
                }
                for one in goods
            ],
            off_lines=self._of_holder()._off_lines(self.company_id, goods, rates),
        )
        return quote

    def _of_holder(self):
        """Return this row speaking the language of who holds the card."""
        lang = self.partner_id.lang or self.env.lang
        return self.with_context(lang=lang)

    @api.model
    def _figures(self, answer):
        """Return what is the same in every answer that moves money."""
        tendered = {name: amount for name, amount in answer.tendered.items() if amount}
        return {
            "amount": answer.amount,
            "discount": answer.discount,
            "reduction": answer.price_reduction,
            "kept": answer.kept,
            "due": answer.amount_due,
            "tendered": tendered,
            "card_payment": self._card_pays(answer),
            "next": self._next(answer),
            "explain": [
                told for told in answer.explain if told not in self._next(answer)
            ],
            "hold_until": fields.Datetime.to_string(answer.hold_until)
            if answer.hold_until
            else None,
        }

    @api.model
    def _card_pays(self, answer):
        """Return what is a payment: what the card gives less what lowers the price."""
        money = sum(
            amount for name, amount in answer.tendered.items() if name != "points"
        )
        return money - answer.price_reduction

    @api.model
    def _next(self, answer):
        return list(answer.next)

    # The card

    def _card_told(self, answer):
        partner = self.partner_id
        return {
            "masked": self.masked,
            "holder": partner.name or "",
            "partner_id": partner.id,
            "anonymous": not partner,
            "state": answer.card_state,
            "types": self._card_types(),
            "rate_bp": answer.discount_rate,
            "balances": self._balances(answer),
            "vouchers": self._vouchers(answer),
            "code_asked": answer.code_asked,
        }

    def _card_types(self):
        issuer = self.config_id.ekarte_branch_id.issuer_id
        own = self._memberships().filtered(lambda one: one.issuer_id == issuer)
        return own.card_type_id.mapped("name")

    def _memberships(self):
        return self.env["ekarte.membership"].search([("card_id", "=", self.card_id.id)])

    def _balances(self, answer):
        return [
            {
                "name": self._program_name(row.program),
                "kind": row.kind,
                "unit": row.unit,
                "value": row.value,
                "available": row.available,
                "text": self._in_words(row.unit, row.value),
            }
            for row in answer.balances
            if self._is_money(row.unit) or row.unit in SHOWN_COUNTS
        ]

    def _vouchers(self, answer):
        return [
            {
                "code": row.code,
                "kind": row.kind,
                "value": row.value,
                "product": row.product,
                "name": self._program_name(row.program),
                "text": self._money(row.value) if row.kind == "money" else row.product,
            }
            for row in answer.vouchers
        ]

    def _earned(self, answer):
        return [
            {
                "name": self._program_name(one.program),
                "points": one.points,
                "text": f"{one.points:+d}",
            }
            for one in answer.earned
        ]

    def _spendable(self, answer):
        """Return what may be taken from the card here, by tender, minor units."""
        found = {"gift": 0, "bonus": 0, "credit": 0}
        for row in answer.balances:
            if not self._is_money(row.unit):
                continue
            if row.unit == CREDIT:
                tender = "credit"
            else:
                tender = "gift" if row.kind in GIFT_KINDS else "bonus"
            found[tender] += max(row.available, 0)
        found["credit"] += self._credit_untouched(answer)
        return found

    def _credit_untouched(self, answer):
        """Return the limits of credit that the card has never used: no purse tells."""
        network = self.env["ekarte.desk"]._network()
        branch = network.branches.get(self.config_id.ekarte_branch_id.code)
        used = {row.program for row in answer.balances if row.unit == CREDIT}
        if branch is None or answer.card_state != "active":
            return 0
        types = self._memberships().mapped("card_type_code")
        return sum(
            network.parameters(one.code).credit_limit
            for one in network.running(branch, types)
            if network.programs[one.code].kind == "credit_card" and one.code not in used
        )

    @api.model
    def _program_name(self, code):
        program = self.env["ekarte.desk"]._network().programs.get(code)
        return program.name if program else code

    def _is_money(self, unit):
        return unit in (self.currency_id.name, CREDIT)

    def _in_words(self, unit, value):
        if unit == "points":
            return self.env._("%(count)s points", count=value)
        if unit == "visits":
            return self.env._("%(count)s visits", count=value)
        return self._money(value)

    def _money(self, minor):
        return format_amount(self.env, minor / 10**MINOR_DIGITS, self.currency_id)
