from odoo import api, fields, models


class EkarteStatement(models.Model):
    _name = "ekarte.statement"
    _description = "Statement of a credit card"
    _inherit = ["ekarte.ledger.view.mixin"]
    _auto = False
    _rec_name = "made_on"
    _order = "made_on desc, id desc"
    _depends = {
        "ekarte.issuer": ["code"],
        "ekarte.network": ["currency_id"],
        "ekarte.program": ["code"],
        "ekarte.statement.sent": ["purse_id", "made_on", "sent_at"],
    }

    name = fields.Char("Number", compute="_compute_name")
    card_id = fields.Many2one("ekarte.card", readonly=True)
    purse_id = fields.Many2one("ekarte.purse", readonly=True)
    program_id = fields.Many2one("ekarte.program", readonly=True)
    issuer_id = fields.Many2one("ekarte.issuer", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    made_on = fields.Date("Made", readonly=True)
    due_on = fields.Date("To Pay Until", readonly=True)
    amount = fields.Monetary(readonly=True, help="The debt on that day.")
    newly_billed = fields.Monetary(
        readonly=True, help="The part of it that no statement had named before."
    )
    paid = fields.Monetary(
        readonly=True, help="Payments and returned goods since, up to the amount."
    )
    unpaid = fields.Monetary("Open", readonly=True)
    state = fields.Selection(
        [("open", "Open"), ("paid", "Paid"), ("overdue", "Overdue")], readonly=True
    )
    sent_at = fields.Datetime("Sent", readonly=True)
    partner_id = fields.Many2one("res.partner", "Holder", compute="_compute_partner_id")

    @api.depends("program_id", "purse_id", "made_on")
    def _compute_name(self):
        for statement in self:
            day = f"{statement.made_on:%Y%m%d}" if statement.made_on else ""
            statement.name = f"{statement.purse_id.id}-{day}"

    @api.depends("card_id", "issuer_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_partner_id(self):
        for issuer, statements in self.grouped("issuer_id").items():
            held = self.env["ekarte.holder"]._of(statements.card_id.ids, issuer)
            for statement in statements:
                statement.partner_id = held.get(statement.card_id.id, False)

    def action_pay(self):
        """Register a payment of what is open, on the card and in the books."""
        self.ensure_one()
        return self.card_id._action_office(
            "pay", purse_id=self.purse_id.id, amount=self.unpaid
        )

    def action_print(self):
        return self.env.ref("ekarte_loyalty.ekarte_statement_report").report_action(
            self
        )
