from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ekarte_core import Tender

from ..own_hand import by_own_hand
from ..units import from_minor, spread, to_minor
from .ekarte_document_operation import APPROVED
from .sale_order_line import ROLES


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    ekarte_role = fields.Selection(ROLES, "Card Line", readonly=True)
    ekarte_key = fields.Char("Card Line's Taxes", readonly=True)


class AccountMove(models.Model):
    """An invoice of an order with a card: one purchase in the card ledger.

    With a payment by card it is booked when the invoice is posted, and earns then.
    Without, it is booked when the invoice is paid.
    """

    _inherit = "account.move"

    ekarte_order_id = fields.Many2one(
        "sale.order",
        "Order with a Card",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    ekarte_card_number = fields.Char(compute="_compute_ekarte_card")
    ekarte_operation_id = fields.Many2one(
        "ekarte.document.operation", "Card Operation", compute="_compute_ekarte_card"
    )
    ekarte_told = fields.Char("Card", compute="_compute_ekarte_card")

    @api.depends("ekarte_order_id", "state", "payment_state")
    def _compute_ekarte_card(self):
        for move in self:
            own = move.sudo()
            operation = own._ekarte_booked()
            move.ekarte_operation_id = operation
            card = operation.card_id or own.ekarte_order_id.ekarte_card_id
            move.ekarte_card_number = card.number
            move.ekarte_told = own._ekarte_sentence(operation)

    def _ekarte_sentence(self, operation):
        """Tell in one line what the card has to do with this document."""
        if not self.ekarte_order_id or self.state == "cancel":
            return False
        if not operation:
            if self.move_type == "out_refund":
                return False
            return self.env._("Points come when the invoice is paid.")
        figures = operation.figures or {}
        names = self.ekarte_order_id._ekarte_programs(
            [code for code, _points in figures.get("earned", ())]
        )
        told = [
            f"{names.get(code, code)} {points:+d}"
            for code, points in figures.get("earned", ())
            if points
        ]
        paid = operation._payment_minor()
        if paid:
            money = self.currency_id.format(from_minor(paid))
            back = self.move_type == "out_refund"
            text = (
                self.env._("%(money)s given back to the card", money=money)
                if back
                else self.env._("%(money)s paid by card", money=money)
            )
            told.insert(0, text)
        return " · ".join(told) or self.env._("Booked on the card.")

    # What stands in the ledger

    @property
    def _ekarte_purpose(self):
        return "refund" if self.move_type == "out_refund" else "purchase"

    def _ekarte_booked(self):
        """Return what this document did to the card, if anything."""
        if not self.ids:
            return self.env["ekarte.document.operation"]
        return self.env["ekarte.document.operation"]._of(self, self._ekarte_purpose)

    def _ekarte_speaking(self):
        """Return the documents that speak of a card and of its goods."""
        return self.filtered(
            lambda move: (
                move.ekarte_order_id
                and move.move_type in ("out_invoice", "out_refund")
                and move._ekarte_goods_lines()
            )
        )

    def _ekarte_goods_lines(self):
        """Return the lines of goods of the order, and of discounts on them."""
        return self.invoice_line_ids.filtered(
            lambda line: (
                line.display_type == "product"
                and not line.ekarte_role
                and not line.is_downpayment
                and line.sale_line_ids
            )
        )

    def _ekarte_parts(self):
        basket = self.env["ekarte.basket"].sudo()
        rows = basket._document_rows(self._ekarte_goods_lines(), "quantity")
        return basket._parts(basket._goods(rows))

    # Posting

    def _post(self, soft=True):
        """Bring the card's lines into line with the ledger, post, then book."""
        speaking = self.sudo()._ekarte_speaking()
        for move in speaking:
            if not move._ekarte_booked():
                move._ekarte_align()
        posted = super()._post(soft)
        for move in posted.sudo() & speaking:
            if move.move_type == "out_refund":
                move._ekarte_give_back()
            elif move._ekarte_pays():
                move._ekarte_capture()
            elif move.payment_state in ("paid", "in_payment"):
                move._ekarte_accrue()
        return posted

    def _ekarte_pays(self):
        """Say whether the card pays some of this invoice."""
        return self.ekarte_order_id._ekarte_tender_asked().any

    def _ekarte_align(self):
        """Make the card's lines what the ledger would book for these goods now."""
        self.ensure_one()
        parts = self._ekarte_parts()
        if not parts:
            return
        if self.move_type == "out_refund":
            answer = self._ekarte_try_back(parts)
        elif self._ekarte_keeps_price(parts):
            return
        else:
            answer = self.ekarte_order_id._ekarte_try(parts)
        if answer is None:
            return
        if answer.rc not in APPROVED:
            self._ekarte_refuse(answer)
        self._ekarte_set_lines(self._ekarte_money_off(parts, answer))

    def _ekarte_keeps_price(self, parts):
        """Say whether the invoice stays as agreed whatever the card would give today.

        A card that pays nothing has nothing to lose by a hold that is over.
        """
        held = self.ekarte_order_id._ekarte_hold_operation()
        return not self._ekarte_pays() and (not held or held._is_over())

    def _ekarte_refuse(self, answer):
        self.ekarte_order_id._ekarte_check(answer)

    def _ekarte_money_off(self, parts, answer):
        """Return what the answer takes off this document, by role and taxes."""
        basket = self.env["ekarte.basket"]
        off = basket._money_off(parts, answer)
        if answer.kept:
            # Kept back: the credit note is lower by it, over what goods came back.
            weights = [line.amount for _taxes, line in parts]
            kept = spread(answer.kept, weights)
            off["kept"] = [
                (taxes, minor)
                for (taxes, _line), minor in zip(parts, kept, strict=True)
            ]
        return off

    def _ekarte_set_lines(self, money_off):
        reduction = self.env["ekarte.reduction"].sudo()
        wanted = {
            (role, part["key"]): part
            for role, parts in money_off.items()
            for part in reduction._lines(self.company_id, parts)
        }
        commands = []
        for line in self.invoice_line_ids.filtered("ekarte_role"):
            key = (line.ekarte_role, line.ekarte_key)
            part = wanted.pop(key, None)
            if part is None:
                commands.append(Command.delete(line.id))
            elif to_minor(line.price_total) != -part["minor"] or line.quantity != 1:
                commands.append(Command.update(line.id, _line_vals(part)))
        order = self.ekarte_order_id
        for (role, key), part in sorted(wanted.items()):
            commands.append(
                Command.create(
                    {
                        **_line_vals(part),
                        "ekarte_role": role,
                        "ekarte_key": key,
                        "product_id": order._ekarte_product(role).id,
                        "name": order._ekarte_line_name(role, part, {(role, key): 1}),
                    }
                )
            )
        if commands:
            by_own_hand(self).write({"invoice_line_ids": commands})

    # Booking

    def _ekarte_capture(self):
        """Take what was held, and pay the invoice with it."""
        operation, answer = self._ekarte_purchase()
        if not operation:
            self._ekarte_refuse(answer)
        self._ekarte_check_lines(answer)
        order = self.ekarte_order_id
        operation.figures = {**operation.figures, "asked": order.ekarte_tender}
        order._ekarte_lower_tender(answer)
        self._ekarte_pay(operation._payment_minor(), operation)
        order._ekarte_hold_rest()

    def _ekarte_accrue(self):
        """Book a purchase that was paid otherwise. A refusal keeps no payment back."""
        operation, answer = self._ekarte_purchase()
        if not operation:
            self.message_post(
                body=self.env._(
                    "The card was given nothing: %(why)s", why=answer.message
                )
            )
            return
        self.ekarte_order_id._ekarte_hold_rest()
        for refund in self.reversal_move_ids.sorted("id"):
            if refund.state == "posted" and not refund._ekarte_booked():
                refund._ekarte_book_back()

    def _ekarte_purchase(self):
        """Book this invoice in the ledger: (operation, answer)."""
        order = self.ekarte_order_id
        parts = self._ekarte_parts()
        lines = tuple(line for _taxes, line in parts)
        book = self.env["ekarte.document.operation"]._book
        held = order._ekarte_hold_operation()
        tender = self._ekarte_payable(held)
        if held and not held._is_over() and tender is None:
            operation, answer = book(
                self,
                "purchase",
                order,
                "confirm",
                original=held._original(),
                lines=lines,
            )
            if operation:
                held.state = "ended"
                return operation, answer
        held._undo()
        return book(
            self,
            "purchase",
            order,
            "sale",
            card=order._ekarte_card_ref(),
            lines=lines,
            tender=order._ekarte_tender_asked() if tender is None else tender,
        )

    def _ekarte_payable(self, held):
        """Return a smaller tender where the card would pay more than is left to pay.

        After a down payment an invoice asks for less than its goods cost. None: all
        that was asked for may be taken.
        """
        asked = self.ekarte_order_id._ekarte_tender_asked()
        if not asked.any:
            return None
        answer = self.ekarte_order_id._ekarte_try(self._ekarte_parts())
        payment = sum(answer.tendered.values()) - answer.price_reduction
        over = payment - to_minor(self.amount_residual)
        if over <= 0:
            return None
        taken = {**answer.tendered, "voucher": 0}
        less = {}
        for name in ("credit", "gift", "bonus"):
            cut = min(over, taken.get(name, 0))
            less[name] = taken.get(name, 0) - cut
            over -= cut
        return Tender(**less, voucher=asked.voucher)

    def _ekarte_check_lines(self, answer):
        """The ledger has the last word: what it booked is what the invoice says."""
        shown = {"discount": 0, "reduction": 0, "kept": 0}
        for line in self.invoice_line_ids.filtered("ekarte_role"):
            shown[line.ekarte_role] -= to_minor(line.price_total)
        told = {
            "discount": answer.discount,
            "reduction": answer.price_reduction,
            "kept": answer.kept,
        }
        if shown != told:
            raise UserError(
                self.env._(
                    "The card has changed meanwhile: look at %(document)s again and"
                    " confirm it once more.",
                    document=self.invoice_origin or self.display_name,
                )
            )

    def _invoice_paid_hook(self):
        done = super()._invoice_paid_hook()
        self._ekarte_when_paid()
        return done

    def _ekarte_when_paid(self):
        """Book what is paid now, and was not paid by the card: each invoice once."""
        for move in self.sudo()._ekarte_speaking():
            if (
                move.move_type == "out_invoice"
                and move.state == "posted"
                and move.payment_state in ("paid", "in_payment")
                and not move._ekarte_booked()
                and not move._ekarte_pays()
            ):
                move._ekarte_accrue()

    # The payment by card

    def _ekarte_pay(self, minor, operation):
        """Register what the card paid or got back; the document is settled with it."""
        if not minor:
            return
        company = self.company_id
        journal = company._ekarte_make_payment_journal()
        back = self.move_type == "out_refund"
        methods = (
            journal.outbound_payment_method_line_ids
            if back
            else journal.inbound_payment_method_line_ids
        )
        receivable = self._ekarte_receivable()
        payment = (
            self.env["account.payment"]
            .with_company(company)
            .create(
                {
                    "payment_type": "outbound" if back else "inbound",
                    "partner_type": "customer",
                    "partner_id": self.commercial_partner_id.id,
                    "amount": from_minor(minor),
                    "date": self.invoice_date or fields.Date.context_today(self),
                    "journal_id": journal.id,
                    "payment_method_line_id": methods[:1].id,
                    "destination_account_id": receivable.account_id[:1].id,
                    "currency_id": self.currency_id.id,
                    "memo": self.env._(
                        "%(document)s, card %(card)s",
                        document=self.name,
                        card=operation.card_id.number,
                    ),
                    "ekarte_operation_id": operation.id,
                }
            )
        )
        payment.action_post()
        paid = payment.move_id.line_ids.filtered(
            lambda item: item.account_id == payment.destination_account_id
        )
        self._ekarte_reconcile(paid)

    def _ekarte_receivable(self):
        return self.line_ids.filtered(
            lambda item: item.account_id.account_type == "asset_receivable"
        )

    def _ekarte_reconcile(self, paid):
        """Settle this document; what it has no room for, what the card paid before."""
        before = self.reversed_entry_id._ekarte_payments().move_id.line_ids
        for items in (self._ekarte_receivable(), before):
            open_items = (items | paid).filtered(
                lambda item: item.account_id == paid.account_id and not item.reconciled
            )
            if paid in open_items and len(open_items) > 1:
                open_items.reconcile()

    def _ekarte_payments(self):
        """Return the standing payments by card of these documents."""
        operations = self.env["ekarte.document.operation"]
        for move in self:
            operations |= move._ekarte_booked()
        return (
            self.env["account.payment"]
            .sudo()
            .search(
                [
                    ("ekarte_operation_id", "in", operations.ids),
                    ("state", "!=", "canceled"),
                ]
            )
        )

    # Back to draft

    def button_draft(self):
        """Undo first what the document did to the card; refused where it was used."""
        booked = self.sudo().filtered(
            lambda one: (
                one.state == "posted" and one.ekarte_order_id and one._ekarte_booked()
            )
        )
        for move in booked:
            move._ekarte_undo()
        done = super().button_draft()
        for move in booked.filtered(lambda one: one._ekarte_purpose == "purchase"):
            move.ekarte_order_id._ekarte_hold_rest()
        return done

    def _ekarte_undo(self):
        operation = self._ekarte_booked()
        payments = by_own_hand(self._ekarte_payments())
        operation._undo()
        payments.move_id.line_ids.remove_move_reconcile()
        payments.action_draft()
        payments.action_cancel()
        if operation.purpose == "purchase":
            self.ekarte_order_id._ekarte_raise_tender(operation.figures or {})

    def copy_data(self, default=None):
        """A copied invoice is none of the card's: what was a discount stays one."""
        vals_list = super().copy_data(default)
        if self.env.context.get("include_business_fields"):
            return vals_list
        for vals in vals_list:
            for command in vals.get("invoice_line_ids") or vals.get("line_ids") or ():
                if len(command) == 3 and isinstance(command[2], dict):
                    command[2].pop("ekarte_role", None)
                    command[2].pop("ekarte_key", None)
        return vals_list


def _line_vals(part):
    return {
        "quantity": 1,
        "discount": 0,
        "price_unit": part["price_unit"],
        "tax_ids": [Command.set(part["tax_ids"].ids)],
        "extra_tax_data": part["extra_tax_data"],
    }
