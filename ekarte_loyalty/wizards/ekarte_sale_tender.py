from odoo import api, fields, models
from odoo.exceptions import UserError

from ekarte_core import Tender

from ..units import from_minor, to_minor


class EkarteSaleTender(models.TransientModel):
    """Ask a card to pay: how much of what. An access code lives as long as one call."""

    _name = "ekarte.sale.tender"
    _description = "Payment of an Order by Card"

    order_id = fields.Many2one("sale.order", required=True, readonly=True)
    currency_id = fields.Many2one(related="order_id.currency_id")
    card_number = fields.Char(related="order_id.ekarte_card_number")
    due = fields.Monetary("To Pay", compute="_compute_has")
    gift_has = fields.Monetary("Gift Money on the Card", compute="_compute_has")
    bonus_has = fields.Monetary("Bonus Money on the Card", compute="_compute_has")
    credit_has = fields.Monetary("Credit Left", compute="_compute_has")
    code_asked = fields.Boolean(compute="_compute_has")
    gift = fields.Monetary("Gift Money")
    bonus = fields.Monetary("Bonus Money")
    credit = fields.Monetary("On Credit")
    voucher_ids = fields.Many2many(
        "ekarte.voucher", string="Usable Vouchers", compute="_compute_has"
    )
    voucher_id = fields.Many2one("ekarte.voucher", domain="[('id', 'in', voucher_ids)]")
    left = fields.Monetary("Left to Pay", compute="_compute_left")
    access_code = fields.Char(store=False)
    is_held = fields.Boolean(readonly=True)

    @api.model
    def default_get(self, fields_list):
        """Show what was asked before."""
        values = super().default_get(fields_list)
        order = self.env["sale.order"].browse(values.get("order_id"))
        asked = order.sudo()._ekarte_tender_asked() if order else Tender()
        for name in ("gift", "bonus", "credit"):
            if name in fields_list:
                values[name] = from_minor(getattr(asked, name))
        if asked.voucher and "voucher_id" in fields_list:
            codes = [("code", "=", asked.voucher)]
            values["voucher_id"] = self.env["ekarte.voucher"].search(codes, limit=1).id
        return values

    @api.depends("order_id")
    def _compute_has(self):
        for wizard in self:
            order = wizard.order_id.sudo()
            quote = order.ekarte_quote or {}
            has = order._ekarte_spendable()
            wizard.gift_has = from_minor(has["gift"])
            wizard.bonus_has = from_minor(has["bonus"])
            wizard.credit_has = from_minor(has["credit"])
            wizard.code_asked = bool(quote.get("code_asked"))
            codes = [row["code"] for row in quote.get("vouchers", ())]
            wizard.voucher_ids = wizard.env["ekarte.voucher"].search(
                [("code", "in", codes)]
            )
            wizard.due = from_minor(quote.get("amount", 0) - quote.get("discount", 0))

    @api.depends("gift", "bonus", "credit", "due")
    def _compute_left(self):
        for wizard in self:
            wizard.left = wizard.due - wizard.gift - wizard.bonus - wizard.credit

    @api.model_create_multi
    def create(self, vals_list):
        """The code is not a column: what it opens is held at once."""
        codes = [vals.get("access_code") for vals in vals_list]
        wizards = super().create([_without_code(vals) for vals in vals_list])
        for wizard, code in zip(wizards, codes, strict=True):
            if code:
                wizard._pay(code)
        return wizards

    def write(self, vals):
        done = super().write({"is_held": False, **_without_code(vals)})
        if vals.get("access_code"):
            self._pay(vals["access_code"])
        return done

    def action_pay(self):
        """Keep what the card shall pay; what needs a code is held already."""
        self.ensure_one()
        if not self.is_held:
            self._pay()
        return {"type": "ir.actions.act_window_close"}

    def _pay(self, access_code=None):
        self.ensure_one()
        amounts = {name: to_minor(self[name]) for name in ("gift", "bonus", "credit")}
        if any(amount < 0 for amount in amounts.values()):
            raise UserError(self.env._("A card pays amounts above zero."))
        tender = Tender(**amounts, voucher=self.voucher_id.code or "")
        self.order_id._ekarte_set_tender(tender, access_code)
        self.write({"is_held": bool(access_code)})

    def action_clear(self):
        """Ask nothing of the card any more."""
        self.ensure_one()
        self.order_id._ekarte_set_tender(Tender())
        return {"type": "ir.actions.act_window_close"}


def _without_code(vals):
    return {name: value for name, value in vals.items() if name != "access_code"}
