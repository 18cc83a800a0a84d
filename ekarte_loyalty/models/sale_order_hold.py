import hashlib

import msgspec

from odoo import models
from odoo.exceptions import UserError

from ekarte_core import Tender

from ..own_hand import by_own_hand
from ..units import from_minor
from .ekarte_document_operation import APPROVED

CODE_ASKED = ("55",)


class SaleOrder(models.Model):
    """What a card shall pay is held when the order is confirmed, and freed when the
    order is cancelled. The hold keeps the discount, too: what was shown is given."""

    _inherit = "sale.order"

    def _ekarte_hold_operation(self):
        """Return the hold that is open, or was until its time came."""
        self.ensure_one()
        return self.env["ekarte.document.operation"]._of(self, "hold")

    def _ekarte_release(self):
        """Give up what is held."""
        for order in self:
            order._ekarte_hold_operation()._undo()

    def _ekarte_release_unlike(self, parts):
        """Give up a hold of other goods than these."""
        held = self._ekarte_hold_operation()
        if held and held.digest != self._ekarte_digest(parts):
            held._undo()

    def _ekarte_digest(self, parts):
        """Return what a hold is known by: the goods and the tender asked for."""
        asked = [[line for _taxes, line in parts], self._ekarte_tender_asked()]
        return hashlib.sha256(msgspec.json.encode(asked)).hexdigest()

    def _ekarte_set_tender(self, tender, access_code=None):
        """Ask the card to pay; raise in words where it cannot.

        The code of a card is never kept. What needs it is held at once, and goes on
        being held when the order is confirmed.
        """
        self.ensure_one()
        self.check_access("write")
        if self.state not in ("draft", "sent", "sale") or self.locked:
            raise UserError(
                self.env._("%(order)s takes no payment by card now.", order=self.name)
            )
        self._ekarte_release()
        kept = {
            name: value
            for name, value in msgspec.structs.asdict(tender).items()
            if value
        }
        by_own_hand(self).write({"ekarte_tender": kept or False})
        parts = self._ekarte_parts()
        answer = self._ekarte_inquire(parts, tender)
        self._ekarte_check(answer)
        self._ekarte_requote()
        if self.state == "sale" or (tender.any and answer.code_asked):
            self._ekarte_hold(access_code)

    def _ekarte_check(self, answer):
        """Raise the sentence of a refusal, with the order's name before it."""
        if answer.rc in CODE_ASKED:
            raise UserError(
                self.env._(
                    "%(order)s: %(why)s. Choose Pay by Card and let the customer enter"
                    " the access code.",
                    order=self.name,
                    why=answer.message.rstrip("."),
                )
            )
        if answer.rc not in APPROVED:
            raise UserError(
                self.env._(
                    "%(order)s, card %(card)s: %(why)s",
                    order=self.name,
                    card=self.sudo().ekarte_card_id.number,
                    why=" ".join([answer.message, *answer.explain]),
                )
            )

    def _ekarte_hold(self, access_code=None):
        """Hold what the card shall pay, and keep what it gives; raise if refused."""
        self.ensure_one()
        parts = self._ekarte_parts()
        if not parts:
            return
        _operation, answer = self.env["ekarte.document.operation"]._book(
            self,
            "hold",
            self,
            "authorize",
            digest=self._ekarte_digest(parts),
            card=self._ekarte_card_ref(),
            lines=tuple(line for _taxes, line in parts),
            tender=self._ekarte_tender_asked(),
            access_code=access_code,
        )
        self._ekarte_check(answer)
        self._ekarte_keep_hold(parts, answer)

    def _ekarte_keep_hold(self, parts, answer):
        """The order's lines are those of the hold: the ledger is asked once more under
        lock, and what it says there is what is given."""
        before = from_minor((self.ekarte_quote or {}).get("discount", 0))
        quote = {
            **(self.ekarte_quote or {}),
            "discount": answer.discount,
            "reduction": answer.price_reduction,
            "tendered": dict(answer.tendered),
            "due": answer.amount_due,
            "amount": answer.amount,
            "rc": answer.rc,
            "message": answer.message,
        }
        by_own_hand(self).write({"ekarte_quote": quote})
        if not self._ekarte_drafts():
            self._ekarte_set_lines(self.env["ekarte.basket"]._money_off(parts, answer))
        after = from_minor(answer.discount)
        if after != before:
            self.message_post(
                body=self.env._(
                    "The card's discount is %(after)s now, it was %(before)s.",
                    after=self.currency_id.format(after),
                    before=self.currency_id.format(before),
                )
            )

    def _ekarte_rehold(self):
        """Hold anew for the goods that are not invoiced yet; raise if refused."""
        self.ensure_one()
        held = self._ekarte_hold_operation()
        parts = self._ekarte_parts()
        if held and held.digest == self._ekarte_digest(parts) and not held._is_over():
            return
        held._undo()
        if parts:
            self._ekarte_hold()
        else:
            self._ekarte_set_lines({})

    # The order's life

    def _action_confirm(self):
        done = super()._action_confirm()
        for order in self.sudo().filtered("ekarte_card_id"):
            order._ekarte_confirm()
        return done

    def _ekarte_confirm(self):
        """Hold what the quotation shows; what was held with a code is held already."""
        held = self._ekarte_hold_operation()
        parts = self._ekarte_parts()
        if held and held.digest == self._ekarte_digest(parts) and not held._is_over():
            return
        held._undo()
        self._ekarte_hold()

    def _action_cancel(self):
        done = super()._action_cancel()
        self.sudo()._ekarte_release()
        return done

    def action_draft(self):
        """Back to a quotation: nothing is held, and the card is asked anew."""
        done = super().action_draft()
        for order in self.filtered(lambda one: one.state == "draft").sudo():
            order._ekarte_release()
            if order.ekarte_card_id:
                order._ekarte_requote()
        return done

    def unlink(self):
        """An order that goes holds nothing."""
        self.sudo()._ekarte_release()
        return super().unlink()

    def action_ekarte_card(self):
        """Ask for the card: the button."""
        return self._ekarte_dialog("ekarte_loyalty.ekarte_sale_card_action")

    def action_ekarte_pay(self):
        """Ask what the card shall pay: the button."""
        return self._ekarte_dialog("ekarte_loyalty.ekarte_sale_tender_action")

    def _ekarte_dialog(self, xmlid):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        action["context"] = {"default_order_id": self.id}
        return action

    def _ekarte_lower_tender(self, answer):
        """Take what has been captured off what is still asked for."""
        asked = self._ekarte_tender_asked()
        taken = answer.tendered
        left = Tender(
            gift=max(asked.gift - taken.get("gift", 0), 0),
            bonus=max(asked.bonus - taken.get("bonus", 0), 0),
            credit=max(asked.credit - taken.get("credit", 0), 0),
            voucher="",
        )
        kept = {n: v for n, v in msgspec.structs.asdict(left).items() if v}
        by_own_hand(self).write({"ekarte_tender": kept or False})

    def _ekarte_raise_tender(self, figures):
        """Ask again for what a purchase took that has been undone."""
        held = self._ekarte_hold_operation()
        held._undo()
        asked = self._ekarte_tender_asked()
        before, taken = figures.get("asked") or {}, figures.get("tendered", {})
        if not before:
            return
        again = {
            name: getattr(asked, name) + taken.get(name, 0)
            for name in ("gift", "bonus", "credit")
        }
        again["voucher"] = before.get("voucher", "")
        kept = {name: value for name, value in again.items() if value}
        by_own_hand(self).write({"ekarte_tender": kept or False})
