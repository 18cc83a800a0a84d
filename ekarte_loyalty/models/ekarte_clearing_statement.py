from odoo import api, fields, models

from ..in_companies import in_companies
from .ekarte_settlement_posting import clearing_partner


class EkarteClearingStatement(models.Model):
    _name = "ekarte.clearing.statement"
    _description = "Clearing Statement"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "cycle_id desc, issuer_id"
    # Accountants act through the buttons and may discuss what they read.
    _mail_post_access = "read"

    name = fields.Char(compute="_compute_name", store=True)
    cycle_id = fields.Many2one(
        "ekarte.clearing.cycle",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    issuer_id = fields.Many2one(
        "ekarte.issuer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="issuer_id.company_id", store=True)
    partner_id = fields.Many2one(
        "res.partner", compute="_compute_partner_id", compute_sudo=True
    )
    coalition_id = fields.Many2one(related="cycle_id.coalition_id", store=True)
    operator_id = fields.Many2one(related="cycle_id.operator_id", store=True)
    currency_id = fields.Many2one(related="cycle_id.currency_id", store=True)
    date_to = fields.Date(related="cycle_id.date_to", store=True)
    gross_receive = fields.Monetary(
        string="To Receive", readonly=True, help="From all others, before netting."
    )
    gross_pay = fields.Monetary(
        string="To Pay", readonly=True, help="To all others, before netting."
    )
    net = fields.Monetary(
        readonly=True, help="To receive less to pay, without disputed lines."
    )
    fee = fields.Monetary(readonly=True)
    fee_tax = fields.Monetary(string="Tax on the Fee", readonly=True)
    total = fields.Monetary(
        string="Balance",
        compute="_compute_total",
        store=True,
        help="Above zero: the issuer receives; below: it pays. Fee included.",
    )
    disputed = fields.Monetary(
        readonly=True, help="Disputed lines, which are not in the net."
    )
    line_count = fields.Integer(string="Lines", readonly=True)
    disputed_count = fields.Integer(string="Disputed Lines", readonly=True)
    line_ids = fields.One2many("ekarte.clearing.line", "statement_id", readonly=True)
    digest = fields.Char(
        readonly=True,
        help="SHA-256 of the lines in the net; whoever has them can compute it.",
    )
    sent_at = fields.Datetime(readonly=True, copy=False)
    dispute_until = fields.Date(
        readonly=True,
        copy=False,
        help="Whoever says nothing until then has agreed.",
    )
    due_date = fields.Date(readonly=True, copy=False)
    agreed_by = fields.Char(readonly=True, copy=False)
    agreed_at = fields.Datetime(readonly=True, copy=False)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("sent", "Sent"),
            ("disputed", "Disputed"),
            ("agreed", "Agreed"),
            ("posted", "Posted"),
            ("paid", "Paid"),
        ],
        required=True,
        readonly=True,
        default="draft",
        tracking=True,
        index=True,
    )
    item_ids = fields.One2many(
        "account.move.line",
        "ekarte_statement_id",
        string="Items to Pay",
        readonly=True,
        help="What this statement left to receive or to pay, in the books of the "
        "issuer and of the operator.",
    )

    _issuer_uq = models.UniqueIndex(
        "(cycle_id, issuer_id)", "An issuer has one statement in each cycle."
    )

    @api.depends("cycle_id.name", "issuer_id.code")
    def _compute_name(self):
        for statement in self:
            statement.name = f"{statement.cycle_id.name}/{statement.issuer_id.code}"

    @api.depends("issuer_id.company_id", "issuer_id.partner_id")
    def _compute_partner_id(self):
        for statement in self:
            statement.partner_id = clearing_partner(statement.issuer_id)

    @api.depends("net", "fee", "fee_tax")
    def _compute_total(self):
        for statement in self:
            statement.total = statement.net - statement.fee - statement.fee_tax

    def action_open_lines(self):
        """Open the lines of this statement, disputed ones too."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_clearing_line_action"
        )
        return {
            **action,
            "name": self.name,
            "domain": [("statement_id", "=", self.id)],
            "context": {"search_default_by_other": 1},
        }

    def action_open_disputes(self):
        """Open disputes that concern this issuer in this cycle."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_clearing_dispute_action"
        )
        return {
            **action,
            "name": self.name,
            "domain": [("statement_id", "=", self.id)],
            "context": {},
        }

    def action_open_moves(self):
        """Open what this statement left to receive or to pay, in one's own books."""
        self.ensure_one()
        books = (self.company_id | self.operator_id.sudo().company_id) & (
            self.env.user.company_ids
        )
        action = {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": "account.move.line",
            "view_mode": "list,form",
            "domain": [("ekarte_statement_id", "=", self.id)],
            "context": {"create": False},
        }
        return in_companies(action, books.with_env(self.env))
