from odoo import api, fields, models
from odoo.tools import format_amount

MEASURES = [
    ("money", "Money"),
    ("credit", "Credit"),
    ("points", "Points"),
    ("visits", "Visits left"),
    ("voucher", "Voucher for money"),
    ("item", "Voucher for goods"),
    ("turnover", "Collected purchases"),
    ("purchases", "Number of purchases"),
    ("visited", "Visits made"),
    ("earned", "Points ever earned"),
    ("owed", "Points owed"),
    ("tickets", "Tickets of draws"),
    ("billed", "Credit on statements"),
    ("lost", "Lost by charge-backs"),
]
"""What a purse can hold: the ledger's units, all currencies being money."""

COUNTED = (
    "points",
    "visits",
    "item",
    "purchases",
    "visited",
    "earned",
    "owed",
    "tickets",
)
"""Those that are counted in pieces; the others are money, in hundredths."""


class EkartePurse(models.Model):
    _name = "ekarte.purse"
    _description = "Purse of a card"
    _inherit = ["ekarte.ledger.view.mixin"]
    _auto = False
    _order = "card_id desc, id"
    _depends = {
        "ekarte.goods.group": ["code"],
        "ekarte.issuer": ["code"],
        "ekarte.network": ["currency_id"],
        "ekarte.program": ["code"],
    }

    card_id = fields.Many2one("ekarte.card", readonly=True)
    program_code = fields.Char(readonly=True)
    program_id = fields.Many2one("ekarte.program", readonly=True)
    issuer_code = fields.Char(readonly=True)
    issuer_id = fields.Many2one("ekarte.issuer", readonly=True)
    measure = fields.Selection(MEASURES, "Holds", readonly=True)
    unit = fields.Char(readonly=True, help="Currency code, or what is counted.")
    goods_group_code = fields.Char(readonly=True)
    goods_group_id = fields.Many2one("ekarte.goods.group", readonly=True)
    voucher_code = fields.Char("Voucher", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    money = fields.Monetary(readonly=True)
    points = fields.Integer(readonly=True)
    balance = fields.Float("Amount", digits=(16, 2), readonly=True)
    held = fields.Float("Reserved Amount", digits=(16, 2), readonly=True)
    available = fields.Float("Available Amount", digits=(16, 2), readonly=True)
    carry = fields.Monetary(
        "Liability in the Books",
        readonly=True,
        groups="ekarte_loyalty.ekarte_loyalty_group_accountant",
    )
    balance_text = fields.Char("Balance", compute="_compute_texts")
    available_text = fields.Char("Available", compute="_compute_texts")
    held_text = fields.Char(
        "Reserved", compute="_compute_texts", help="By open authorizations."
    )
    credit_limit = fields.Monetary(readonly=True)
    last_at = fields.Datetime("Last Counted", readonly=True)
    day_count = fields.Integer("Counted That Day", readonly=True, aggregator=None)
    lot_ids = fields.One2many("ekarte.lot", "purse_id", "Parts by End", readonly=True)
    period_start = fields.Date("Counts Since", readonly=True)
    valid_until = fields.Datetime(
        readonly=True, help="The end of the part that ends first."
    )

    @api.depends("program_code", "card_id")
    def _compute_display_name(self):
        for purse in self:
            purse.display_name = f"{purse.program_code} {purse.card_id.number or ''}"

    @api.depends("balance", "available", "held", "measure")
    def _compute_texts(self):
        for purse in self:
            purse.balance_text = purse._in_words(purse.balance)
            purse.available_text = purse._in_words(purse.available)
            purse.held_text = purse._in_words(purse.held)

    def _in_words(self, value):
        if self.measure in COUNTED:
            return f"{value:.0f}"
        return format_amount(self.env, value, self.currency_id)
