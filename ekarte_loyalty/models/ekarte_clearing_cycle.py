from odoo import api, fields, models

FEE_PAYERS = [
    ("issuer", "Who pays for its cards"),
    ("redeemer", "Who receives"),
    ("split", "Both, half each"),
]


class EkarteClearingCycle(models.Model):
    _name = "ekarte.clearing.cycle"
    _description = "Clearing Cycle"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "date_to desc, id desc"

    name = fields.Char(readonly=True, copy=False, default="/")
    coalition_id = fields.Many2one(
        "ekarte.coalition", required=True, ondelete="restrict", index=True
    )
    operator_id = fields.Many2one(related="coalition_id.operator_id", store=True)
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env["ekarte.network"].sudo()._get().currency_id,
    )
    date_to = fields.Date(
        string="Up To",
        required=True,
        default=fields.Date.context_today,
        help="Business days up to this one are cleared, as far as they are settled.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("sent", "Sent"),
            ("agreed", "Agreed"),
            ("posted", "Posted"),
            ("paid", "Paid"),
        ],
        required=True,
        readonly=True,
        default="draft",
        tracking=True,
        index=True,
        copy=False,
    )
    statement_ids = fields.One2many(
        "ekarte.clearing.statement", "cycle_id", readonly=True
    )
    position_ids = fields.One2many(
        "ekarte.clearing.position", "cycle_id", string="Positions", readonly=True
    )
    line_count = fields.Integer(string="Lines", compute="_compute_counts")
    disputed_count = fields.Integer(string="Disputed", compute="_compute_counts")
    digest = fields.Char(
        readonly=True, copy=False, help="SHA-256 of the statements' digests."
    )
    # As they stood when the cycle was collected; later changes are for later cycles.
    fee_rate = fields.Float("Fee, %", digits=(5, 2), readonly=True, copy=False)
    fee_payer = fields.Selection(FEE_PAYERS, readonly=True, copy=False)
    fee_tax_rate = fields.Float(
        "Tax on the Fee, %", digits=(5, 2), readonly=True, copy=False
    )
    due_date = fields.Date(readonly=True, copy=False)
    move_ids = fields.One2many(
        "account.move", "ekarte_cycle_id", string="Journal Entries", readonly=True
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Number the cycles of a coalition: LV/2026/0001."""
        Coalition = self.env["ekarte.coalition"]
        for vals in vals_list:
            code = Coalition.browse(vals.get("coalition_id")).code
            number = self.env["ir.sequence"].sudo().next_by_code(self._name)
            vals["name"] = f"{code}/{number}"
        return super().create(vals_list)

    @api.depends("statement_ids.line_count", "statement_ids.disputed_count")
    def _compute_counts(self):
        for cycle in self:
            cycle.line_count = sum(cycle.statement_ids.mapped("line_count"))
            cycle.disputed_count = sum(cycle.statement_ids.mapped("disputed_count"))
