from odoo import Command, api, fields, models

from ..units import from_minor

EVENTS = [
    ("sale", "Sales"),
    ("gift_load", "Gift cards loaded"),
    ("gift_spend", "Gift cards used"),
    ("gift_expire", "Gift cards expired"),
    ("bonus_earn", "Bonuses earned"),
    ("bonus_spend", "Bonuses used"),
    ("bonus_expire", "Bonuses expired"),
    ("bonus_grant", "Bonuses given"),
    ("voucher_spend", "Vouchers used"),
    ("voucher_expire", "Vouchers expired"),
    ("exchange_spend", "Points exchanged for goods"),
    ("pass_load", "Visit passes sold"),
    ("pass_use", "Visits of passes"),
    ("pass_expire", "Visit passes expired"),
    ("credit_spend", "Bought on credit"),
    ("credit_pay", "Credit paid"),
    ("credit_bill", "Credit billed"),
    ("credit_charge", "Credit paid late"),
    ("credit_write_off", "Credit written off"),
    ("gift_pay_out", "Gift cards paid out"),
    ("gift_charge_back", "Gift cards charged back"),
    ("gift_restore", "Gift money put back"),
    ("bonus_restore", "Bonuses put back"),
    ("voucher_restore", "Vouchers put back"),
    ("credit_restore", "Credit put back"),
]
# Their `amount` counts points or visits; all others are money.
POINTS_EVENTS = ("bonus_earn", "bonus_expire", "bonus_grant")
VISITS_EVENTS = ("pass_load", "pass_use", "pass_expire")


class EkarteSettlementLine(models.Model):
    _name = "ekarte.settlement.line"
    _description = "E-karte Settlement Line"
    _order = "settlement_id desc, number"

    settlement_id = fields.Many2one(
        "ekarte.settlement", required=True, ondelete="cascade", index=True
    )
    number = fields.Integer(required=True, readonly=True, aggregator=None)
    day = fields.Date(string="Business Day", required=True, readonly=True)
    event = fields.Selection(EVENTS, required=True, readonly=True)
    seller = fields.Char(string="Seller Code", required=True, readonly=True)
    seller_id = fields.Many2one(
        "ekarte.issuer", string="Sold by", readonly=True, index="btree_not_null"
    )
    issuer = fields.Char(string="Issuer Code", required=True, readonly=True)
    issuer_id = fields.Many2one(
        "ekarte.issuer",
        string="Liable",
        readonly=True,
        index="btree_not_null",
        help="Who issued the money or the bonuses on the card.",
    )
    branch = fields.Char(string="Branch Code", required=True, readonly=True)
    branch_id = fields.Many2one("ekarte.branch", readonly=True)
    program = fields.Char(string="Program Code", readonly=True)
    program_id = fields.Many2one("ekarte.program", readonly=True)
    tax_rate_bp = fields.Integer(readonly=True, aggregator=None)
    tax_rate = fields.Float(
        string="Tax, %", compute="_compute_tax_rate", digits=(5, 2), aggregator=None
    )
    currency = fields.Char(string="Currency Code", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary(
        readonly=True,
        help="Sales: what was sold, tax included. Cards and bonuses: nominal value. "
        "Refunds and reversals are inside with a minus sign.",
    )
    carry = fields.Monetary(
        string="Liability",
        readonly=True,
        help="Liability that was built up (earned, loaded) or released (used).",
    )
    tendered = fields.Monetary(
        string="Paid by Card",
        readonly=True,
        help="The part of the sales that was paid by money on cards. Of a card charged"
        " back: what had been used, and is lost.",
    )
    reimbursed = fields.Monetary(
        string="Through Clearing",
        readonly=True,
        help="Between two issuers: what the one owes the other for it.",
    )
    price_bp = fields.Integer(readonly=True, aggregator=None, default=10_000)
    price = fields.Float(
        string="Paid, %", compute="_compute_tax_rate", digits=(5, 2), aggregator=None
    )
    billed = fields.Monetary(
        readonly=True, help="The part of the credit that statements had named."
    )
    liable = fields.Char(string="Pool Operator Code", readonly=True)
    as_payment = fields.Boolean(
        readonly=True, help="Own bonus money was a payment, not a lower price."
    )
    points = fields.Integer(readonly=True)
    visits = fields.Integer(readonly=True)
    operations = fields.Integer(readonly=True)
    books_sales = fields.Boolean(
        readonly=True, help="Whether Odoo books the sale itself, or the shop does."
    )
    item_ids = fields.One2many(
        "account.move.line", "ekarte_line_id", string="Journal Items", readonly=True
    )

    _number_uq = models.UniqueIndex(
        "(settlement_id, number)", "Each line of a settlement has a number of its own."
    )

    @api.depends("tax_rate_bp", "price_bp")
    def _compute_tax_rate(self):
        for line in self:
            line.tax_rate = from_minor(line.tax_rate_bp)
            line.price = from_minor(line.price_bp)

    @api.depends("event", "branch_id", "settlement_id.name")
    def _compute_display_name(self):
        events = dict(self._fields["event"]._description_selection(self.env))
        for line in self:
            place = line.branch_id.name or line.branch
            line.display_name = f"{events.get(line.event)} · {place}"

    @api.model
    def _commands(self, lines):
        """Commands that make the lines of a document (ekarte_core.SettlementLine)."""
        known = {
            "ekarte.issuer": {c for line in lines for c in (line.seller, line.issuer)},
            "ekarte.branch": {line.branch for line in lines},
            "ekarte.program": {line.program for line in lines},
        }
        by_code = {
            model: self._by_code(model, "code", codes) for model, codes in known.items()
        }
        currencies = self._by_code(
            "res.currency", "name", {line.currency for line in lines}
        )
        return [
            Command.create(
                {
                    **self._figures(line),
                    "seller_id": by_code["ekarte.issuer"].get(line.seller),
                    "issuer_id": by_code["ekarte.issuer"].get(line.issuer),
                    "branch_id": by_code["ekarte.branch"].get(line.branch),
                    "program_id": by_code["ekarte.program"].get(line.program),
                    "currency_id": currencies.get(line.currency),
                }
            )
            for line in lines
        ]

    def _by_code(self, model, field, codes):
        Model = self.env[model].sudo().with_context(active_test=False)
        return {
            record[field]: record.id
            for record in Model.search([(field, "in", [*codes])])
        }

    @staticmethod
    def _figures(line):
        points = line.event in POINTS_EVENTS
        visits = line.event in VISITS_EVENTS
        return {
            "number": line.line,
            "day": line.day,
            "event": line.event,
            "seller": line.seller,
            "issuer": line.issuer,
            "branch": line.branch,
            "program": line.program,
            "tax_rate_bp": line.tax_rate_bp,
            "currency": line.currency,
            "amount": 0 if points or visits else from_minor(line.amount),
            "points": line.amount if points else 0,
            "visits": line.amount if visits else 0,
            "carry": from_minor(line.carry),
            "tendered": from_minor(line.tendered),
            "reimbursed": from_minor(_through_clearing(line)),
            "price_bp": line.price_bp,
            "billed": from_minor(line.billed),
            "liable": line.liable,
            "as_payment": line.as_payment,
            "operations": line.operations,
            "books_sales": line.books_sales,
        }

    def action_open_operations(self):
        """Open the card operations behind this line."""
        self.ensure_one()
        return self._operations_action(
            [("settlement_line_id", "=", self.id)], self.display_name
        )

    def action_open_items(self):
        """Open the journal items posted from this line."""
        self.ensure_one()
        action = {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": "account.move.line",
            "view_mode": "list,form",
            "domain": [("ekarte_line_id", "=", self.id)],
            "context": {"create": False},
        }
        return self.settlement_id._in_books(action)

    @api.model
    def _operations_action(self, domain, name):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_operation_action"
        )
        return {**action, "name": name, "domain": domain, "context": {}}


def _through_clearing(line):
    """What two issuers have between them for a line of the document, minor units."""
    if line.event == "sale" or line.bearer == line.seller == line.issuer:
        return 0
    counts = line.event in POINTS_EVENTS or line.event in VISITS_EVENTS
    return (line.reimbursed or 0) if counts else line.owed
