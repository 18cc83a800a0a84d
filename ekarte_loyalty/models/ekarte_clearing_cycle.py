from odoo import api, fields, models

from ..in_companies import in_companies

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

    name = fields.Char(readonly=True, copy=False)
    coalition_id = fields.Many2one(
        "ekarte.coalition", required=True, ondelete="restrict", index=True
    )
    operator_id = fields.Many2one(related="coalition_id.operator_id", store=True)
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
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
    dispute_count = fields.Integer(string="Disputes", compute="_compute_links")
    move_count = fields.Integer(compute="_compute_links")
    move_ids = fields.One2many(
        "account.move", "ekarte_cycle_id", string="Journal Entries", readonly=True
    )

    @api.depends("coalition_id")
    def _compute_currency_id(self):
        network = self.env["ekarte.network"].sudo()._get()
        for cycle in self:
            books = cycle.sudo().coalition_id.operator_id.company_id
            cycle.currency_id = books.currency_id or network.currency_id

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

    @api.depends("move_ids", "statement_ids.dispute_ids")
    @api.depends_context("uid")
    def _compute_links(self):
        # Entries of every company that the user may enter, chosen now or not.
        companies = self.env.user.company_ids
        for cycle in self:
            known = cycle.sudo()
            cycle.dispute_count = len(known.statement_ids.dispute_ids)
            cycle.move_count = len(
                known.move_ids.filtered(lambda move: move.company_id in companies)
            )

    def action_open_lines(self):
        """Open the lines of this cycle."""
        return self._open(
            "ekarte_loyalty.ekarte_clearing_line_action",
            [("cycle_id", "=", self.id)],
            {"search_default_by_issuer": 1, "search_default_by_other": 1},
        )

    def action_open_disputes(self):
        """Open the disputes that were raised in this cycle."""
        return self._open(
            "ekarte_loyalty.ekarte_clearing_dispute_action",
            [("statement_id.cycle_id", "=", self.id)],
            {},
        )

    def action_open_moves(self):
        """Open the journal entries of this cycle, in the books one may enter."""
        self.ensure_one()
        action = {
            "type": "ir.actions.act_window",
            "name": self.env._("Journal Entries"),
            "res_model": "account.move",
            "views": [
                (self.env.ref("account.view_move_tree").id, "list"),
                (False, "form"),
            ],
            "domain": [("ekarte_cycle_id", "=", self.id)],
            "context": {"create": False},
        }
        mine = self.sudo().move_ids.company_id & self.env.user.company_ids
        return in_companies(action, mine.with_env(self.env))

    def _open(self, xmlid, domain, context):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        return {**action, "name": self.name, "domain": domain, "context": context}
