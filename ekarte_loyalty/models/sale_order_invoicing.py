from odoo import models

from ..own_hand import by_own_hand
from ..units import to_minor
from .ekarte_document_operation import APPROVED


class SaleOrder(models.Model):
    """An invoice takes its own part of what the card gives.

    Where only some goods are invoiced, the card's lines are divided in two: one part
    goes with these goods, as the ledger would book them now, the rest stays.
    """

    _inherit = "sale.order"

    def _prepare_invoice(self):
        vals = super()._prepare_invoice()
        vals["ekarte_order_id"] = self.id if self.sudo().ekarte_card_id else False
        return vals

    def _get_invoice_grouping_keys(self):
        """An invoice speaks of one card: orders with a card are invoiced apart."""
        return [*super()._get_invoice_grouping_keys(), "ekarte_order_id"]

    def _create_invoices(self, grouped=False, final=False, date=None):
        for order in self.sudo().filtered("ekarte_card_id"):
            order._ekarte_divide_lines()
        return super()._create_invoices(grouped=grouped, final=final, date=date)

    def _get_invoiceable_lines(self, final=False):
        lines = super()._get_invoiceable_lines(final)
        goods = lines.filtered(
            lambda line: not (line.display_type or line.is_downpayment)
        )
        if goods._without_ekarte():
            return lines.filtered(lambda line: not line.ekarte_rest)
        # Nothing but the card's own: no goods go with them.
        return lines._without_ekarte()

    def _ekarte_divide_lines(self):
        """Divide the card's open lines: for the goods to invoice now, and the rest."""
        self.ensure_one()
        now, whole = self._ekarte_rows_to_invoice()
        own = self._ekarte_own_lines()
        if not now or not own:
            return
        if whole:
            own._ekarte_decide({"ekarte_rest": False})
            return
        basket = self.env["ekarte.basket"]
        parts = basket._parts(basket._goods(now))
        answer = self._ekarte_try(parts)
        if answer.rc in APPROVED:
            self._ekarte_divide(basket._money_off(parts, answer))

    def _ekarte_rows_to_invoice(self):
        """Return (rows of goods that an invoice would take now, whether it is all)."""
        rows, whole = [], True
        for line in self.order_line:
            if line.display_type or line.is_downpayment or line.ekarte_role:
                continue
            ordered = line.product_uom_qty
            left = ordered - line.qty_invoiced
            if not ordered or left <= 0:
                continue
            taken = min(max(line.qty_to_invoice, 0), left)
            whole = whole and taken == left
            if taken:
                total = to_minor(line.price_total * taken / ordered)
                rows.append((line.product_id, line.tax_ids, taken, total))
        return rows, whole

    def _ekarte_try(self, parts):
        """Return what the ledger would book for these goods now."""
        held = self._ekarte_hold_operation()
        desk = self.env["ekarte.desk"]
        lines = tuple(line for _taxes, line in parts)
        if held and not held._is_over():
            return desk._try(
                "confirm",
                self._ekarte_terminal(),
                batch=held.batch,
                original=held._original(),
                lines=lines,
            )
        return self._ekarte_inquire(parts, self._ekarte_tender_asked())

    def _ekarte_divide(self, money_off):
        """Leave `money_off` on the lines to invoice now, and the rest on new ones."""
        order = by_own_hand(self)
        own = order._ekarte_own_lines()
        before = {}
        for line in own:
            off = before.setdefault(line.ekarte_role, {})
            taxes = line.tax_ids
            off[taxes] = off.get(taxes, 0) - to_minor(line.price_total)
        order._ekarte_set_lines(money_off)
        now = order._ekarte_own_lines()
        for line in now:
            off = before.get(line.ekarte_role, {})
            if line.tax_ids in off:
                off[line.tax_ids] += to_minor(line.price_total)
        reduction = self.env["ekarte.reduction"].sudo()
        rest = [
            (role, part)
            for role, off in before.items()
            for part in reduction._lines(
                self.company_id, [(taxes, max(left, 0)) for taxes, left in off.items()]
            )
        ]
        silent = order.with_context(sale_no_log_for_new_lines=True)
        silent.env["sale.order.line"].create(
            [order._ekarte_rest_vals(role, part, now) for role, part in rest]
        )

    def _ekarte_rest_vals(self, role, part, now):
        like = now.filtered(
            lambda line: (line.ekarte_role, line.ekarte_key) == (role, part["key"])
        )
        return {
            **self.order_line._ekarte_vals(role, part),
            "order_id": self.id,
            "product_id": self._ekarte_product(role).id,
            "name": like.name or self._ekarte_line_name(role, part, {(role, ""): 1}),
            "sequence": (like.sequence or max(self.order_line.mapped("sequence"))) + 1,
            "ekarte_rest": True,
        }

    def _ekarte_hold_rest(self):
        """Hold for the goods that no invoice has yet what is still to be paid by card.

        The invoice before is booked already: where the card refuses the rest, the order
        says so, and Pay by Card can be chosen again.
        """
        self.ensure_one()
        parts = self._ekarte_parts()
        if not parts or self.state != "sale":
            return
        answer = self._ekarte_inquire(parts, self._ekarte_tender_asked())
        needs_code = answer.code_asked and self._ekarte_tender_asked().any
        if answer.rc in APPROVED and not needs_code:
            self._ekarte_hold()
            return
        why = answer.message or self.env._("the card asks for its access code")
        self.message_post(
            body=self.env._(
                "What the card shall pay of the rest is not held: %(why)s.", why=why
            )
        )
        quote = {**(self.ekarte_quote or {}), "tendered": {}, "reduction": 0}
        by_own_hand(self).write({"ekarte_quote": quote})

    def _ekarte_drafts(self):
        """Return draft invoices that speak of the card: these lines are theirs."""
        return self.invoice_ids.filtered(
            lambda move: move.state == "draft" and move.ekarte_order_id == self
        )
