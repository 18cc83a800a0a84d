from odoo import api, fields, models
from odoo.exceptions import UserError

from ekarte_core import Tender

from ..till_lines import digest
from .ekarte_checkout import approved

TENDERS = ("gift", "bonus", "credit")


class EkarteCheckoutHold(models.Model):
    _inherit = "ekarte.checkout"

    # The order's own card

    def _hold(self, payment_uuid, cart, tender, access_code=None):
        """Hold what the card gives for a cart, until the order is stored.

        A repeat of the same request gets the same answer. Another request for the order
        takes the hold's place; where it is refused, nothing is held any more.
        """
        self.ensure_one()
        if self._is_repeat(payment_uuid, cart, tender):
            return self.answer
        self._check_payment_free(payment_uuid)
        self._give_up_hold()
        bought, _returned, _loads = self._sorted_out(self.config_id, cart)
        goods = self._goods(bought)
        if not goods:
            return self._refused(self.env._("There is nothing to pay for yet."))
        batch, number, answer = self._desk(
            "authorize",
            card=self._card(),
            lines=self._core_lines(goods),
            tender=tender,
            access_code=access_code,
        )
        quote = {
            **self._told(answer, bought, goods),
            "held": approved(answer),
            "payment_uuid": payment_uuid,
            "masked": self.masked,
            "auth_code": answer.auth_code,
        }
        if approved(answer):
            self._note_hold(batch, number, answer, payment_uuid, tender, quote)
            self.write(
                {
                    "cart": self._as_json(bought),
                    "goods": goods,
                    "code_given": bool(access_code),
                }
            )
        return quote

    def _is_repeat(self, payment_uuid, cart, tender):
        if self.state != "held" or self.payment_uuid != payment_uuid:
            return False
        bought, _returned, _loads = self._sorted_out(self.config_id, cart)
        same_cart = digest(self._approved_cart()) == digest(bought)
        return same_cart and self.tender == self._tender_json(tender)

    def _note_hold(self, batch, number, answer, payment_uuid, tender, quote):
        until = answer.hold_until
        self.write(
            {
                "state": "held",
                "session_id": self.config_id.current_session_id.id,
                "payment_uuid": payment_uuid,
                "hold_terminal": self.config_id._ekarte_terminal(),
                "hold_batch": batch,
                "hold_number": number,
                "hold_until": until.replace(tzinfo=None, microsecond=0),
                "amount": answer.amount,
                "discount": answer.discount,
                "reduction": answer.price_reduction,
                "card_payment": self._card_pays(answer),
                "tender": self._tender_json(tender),
                "answer": quote,
            }
        )

    @api.model
    def _check_payment_free(self, payment_uuid):
        other = self.search([("payment_uuid", "=", payment_uuid)]) - self
        if other:
            raise UserError(self.env._("This payment belongs to another card."))

    @api.model
    def _refused(self, message, rc="13"):
        return {"rc": rc, "message": message, "held": False}

    @api.model
    def _tender_json(self, tender):
        found = {name: getattr(tender, name) for name in TENDERS}
        return {**found, "voucher": tender.voucher}

    @api.model
    def _tender_of(self, stored):
        return Tender(**(stored or {}))

    # Another card that pays a part

    def _hold_payer(self, payment_uuid, amount, tender, access_code=None):
        """Hold an amount on a card that only pays: no discount, no points of it."""
        self.ensure_one()
        same = self.state == "held" and self.payment_uuid == payment_uuid
        if same and self.card_payment == amount:
            return self.answer
        self._check_payment_free(payment_uuid)
        self._give_up_hold()
        _batch, _number, trial = self._desk(
            "inquire", card=self._card(), amount=amount, tender=Tender(), operation=1
        )
        if self._gives_something(trial):
            self._let_go()
            return self._refused(self._put_it_on_the_order(), rc="05")
        batch, number, answer = self._desk(
            "authorize",
            card=self._card(),
            amount=amount,
            tender=tender if tender.any else self._payer_tender(trial, amount),
            access_code=access_code,
        )
        quote = {
            **self._told(answer, [], []),
            "held": approved(answer),
            "payment_uuid": payment_uuid,
            "masked": self.masked,
            "auth_code": answer.auth_code,
        }
        if not approved(answer):
            self.write({"state": "released"})
            return quote
        self._note_hold(batch, number, answer, payment_uuid, tender, quote)
        self.code_given = bool(access_code)
        if self._gives_something(answer) or self._card_pays(answer) != amount:
            self._let_go()
            return self._refused(self._put_it_on_the_order(), rc="05")
        return quote

    @api.model
    def _gives_something(self, answer):
        return bool(answer.discount or answer.price_reduction or answer.earned)

    def _put_it_on_the_order(self):
        return self.env._(
            "This card gives something itself: put it on the order instead."
        )

    @api.model
    def _payer_tender(self, answer, amount):
        """Return what a paying card is asked for: gift money, else credit."""
        spendable = self._spendable(answer)
        if spendable["credit"] and not spendable["gift"]:
            return Tender(credit=amount)
        return Tender(gift=amount)

    # Other tills and pages loaded anew ask how an order stands

    @api.model
    def _states(self, config, order_uuids):
        """Return {order: {"card", "quote", "held", "loads"}}."""
        rows = self.search(
            [
                ("order_uuid", "in", order_uuids),
                ("state", "in", ("open", "held")),
                ("company_id", "=", config.company_id.id),
            ]
        )
        loads = self.env["ekarte.checkout.load"].search(
            [
                ("order_uuid", "in", order_uuids),
                ("state", "=", "planned"),
                ("company_id", "=", config.company_id.id),
            ]
        )
        return {
            uuid: rows.filtered(lambda row, uuid=uuid: row.order_uuid == uuid)._state(
                loads.filtered(lambda load, uuid=uuid: load.order_uuid == uuid)
            )
            for uuid in order_uuids
        }

    def _state(self, loads):
        main = self.filtered(lambda row: row.role == "main")[:1]
        quote = main.answer or None
        return {
            "card": quote["card"] if quote else None,
            "quote": quote,
            "held": [
                {
                    "payment_uuid": row.payment_uuid,
                    "role": row.role,
                    "masked": row.masked,
                    "card_payment": row.card_payment,
                    "auth_code": (row.answer or {}).get("auth_code", ""),
                    "tender": row.tender,
                    "hold_until": fields.Datetime.to_string(row.hold_until),
                }
                for row in self
                if row.state == "held"
            ],
            "loads": [load._told() for load in loads],
        }
