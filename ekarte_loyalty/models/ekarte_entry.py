from odoo import fields, models

from .ekarte_purse import MEASURES


class EkarteEntry(models.Model):
    _name = "ekarte.entry"
    _description = "Ledger entry"
    _inherit = ["ekarte.ledger.view.mixin"]
    _auto = False
    _ledger_key = ("operation_id", 1 << 15)
    _rec_name = "event"
    _order = "operation_id desc, line"
    _depends = {
        "ekarte.issuer": ["code"],
        "ekarte.network": ["currency_id"],
        "ekarte.program": ["code", "issuer_id"],
    }

    # An integer: operation ids outgrow what a many2one column can hold.
    operation_id = fields.Integer("Operation Key", readonly=True)
    operation_name = fields.Char("Operation", readonly=True)
    business_day = fields.Date(readonly=True)
    line = fields.Integer(readonly=True, aggregator=None)
    purse_id = fields.Many2one("ekarte.purse", readonly=True)
    card_id = fields.Many2one("ekarte.card", readonly=True)
    account = fields.Char("Counter Account", readonly=True)
    event = fields.Selection(
        [
            ("gift_load", "Gift money loaded"),
            ("gift_spend", "Gift money spent"),
            ("gift_expire", "Gift money expired"),
            ("bonus_earn", "Bonus earned"),
            ("bonus_spend", "Bonus spent"),
            ("bonus_expire", "Bonus expired"),
            ("bonus_grant", "Bonus given"),
            ("convert", "Points converted"),
            ("voucher_spend", "Voucher used"),
            ("voucher_expire", "Voucher expired"),
            ("exchange_spend", "Points exchanged for goods"),
            ("pass_load", "Visits bought"),
            ("pass_use", "Visit used"),
            ("pass_expire", "Visits expired"),
            ("credit_spend", "Bought on credit"),
            ("credit_pay", "Credit paid"),
            ("credit_bill", "Credit billed"),
            ("credit_charge", "Late charge"),
            ("credit_write_off", "Credit written off"),
            ("gift_pay_out", "Gift money paid out"),
            ("gift_charge_back", "Gift money charged back"),
            ("gift_restore", "Gift money restored"),
            ("bonus_restore", "Bonus restored"),
            ("voucher_restore", "Voucher restored"),
            ("credit_restore", "Credit restored"),
            ("turnover", "Sum counted"),
            ("purchase", "Purchase counted"),
            ("visit", "Visit counted"),
            ("earned", "Points counted"),
            ("owed", "Points owed"),
            ("ticket", "Tickets of a draw"),
            ("period_reset", "Period started anew"),
            ("idle", "Fallen for idleness"),
            ("transfer", "Moved to another card"),
            ("hold", "Reserved"),
            ("release", "Reservation ended"),
        ],
        readonly=True,
    )
    program_code = fields.Char(readonly=True)
    program_id = fields.Many2one("ekarte.program", readonly=True)
    issuer_id = fields.Many2one("ekarte.issuer", readonly=True)
    measure = fields.Selection(MEASURES, "Of What", readonly=True)
    unit = fields.Char(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    money = fields.Monetary(readonly=True)
    points = fields.Integer(readonly=True)
    posted = fields.Float("Booked", digits=(16, 2), readonly=True, help="In the unit.")
    held = fields.Float("Reserved", digits=(16, 2), readonly=True)
    posted_after = fields.Float("Balance After", digits=(16, 2), readonly=True)
    lot_id = fields.Many2one("ekarte.lot", readonly=True)
    held_after = fields.Float("Reserved After", digits=(16, 2), readonly=True)
    carry = fields.Monetary("Liability", readonly=True)
