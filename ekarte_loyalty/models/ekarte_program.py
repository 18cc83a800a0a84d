from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

from ..units import to_basis_points, to_minor

STEPS = ("base_rate", "step_amount", "step_rate", "max_rate")
KIND_PARAMETERS = {
    "gift_card": (
        "denominations",
        "min_load",
        "max_balance",
        "reloadable",
        "valid_months",
        "accept_at",
        "vat_class",
    ),
    "bonus_amount": (
        "step",
        "points_per_step",
        "min_amount",
        "convert_at",
        "convert_to",
        "expire_days",
        "expire_at",
        "group_factor",
        "earn_on_gift",
        "accept_at",
        "clawback",
        "deferral_policy",
    ),
    "fixed_discount": ("rate", "after_spend", "groups"),
    "accumulated_discount": (*STEPS, "tiers", "period_months", "groups", "count"),
}
"""The parameters of each kind, by their names in the network document."""


def _utc(moment):
    """Return Odoo's naive UTC moment as the document writes it; None stays None."""
    return f"{moment.isoformat()}Z" if moment else None


class EkarteProgram(models.Model):
    _name = "ekarte.program"
    _description = "Loyalty program"
    _inherit = ["ekarte.network.part.mixin", "mail.thread"]
    _order = "issuer_id, sequence, code"

    _network_room = "programs"
    _network_field_names = {
        "issuer": "issuer_id",
        "branches": "branch_ids",
        "overrides": "overrides_id",
        "denominations": "denomination_ids",
        "groups": "group_ids",
        "group_factor": "factor_ids",
        "tiers": "tier_ids",
    }
    _ledger_columns = (("purse", "program"), ("entry", "program"))
    _ledger_fixed_fields = ("code", "issuer_id", "kind", "overrides_id")

    # Head
    sequence = fields.Integer(default=10, help="Discounts are tried in this order.")
    code = fields.Char(
        required=True,
        tracking=True,
        help="Short name in the network and in the ledger: A-Z, 0-9, - _",
    )
    name = fields.Char(required=True, tracking=True, help="As customers read it.")
    issuer_id = fields.Many2one(
        "ekarte.issuer",
        required=True,
        ondelete="restrict",
        index=True,
        default=lambda self: self.env["ekarte.issuer"]._default_issuer(),
    )
    kind = fields.Selection(
        [
            ("gift_card", "Gift card"),
            ("bonus_amount", "Bonus by sum"),
            ("fixed_discount", "Fixed discount"),
            ("accumulated_discount", "Accumulated discount"),
        ],
        required=True,
        default="bonus_amount",
        tracking=True,
    )
    state = fields.Selection(
        [("draft", "Draft"), ("active", "Running")],
        default="draft",
        required=True,
        copy=False,
        tracking=True,
        help="A draft is not published: terminals do not know it.",
    )
    valid_from = fields.Datetime(tracking=True)
    valid_to = fields.Datetime("Valid Until", tracking=True)
    branch_ids = fields.Many2many(
        "ekarte.branch",
        string="Branches",
        domain="[('issuer_id', '=', issuer_id)]",
        help="Empty: every branch of the issuer.",
    )
    overrides_id = fields.Many2one(
        "ekarte.program",
        "Instead Of",
        ondelete="restrict",
        index="btree_not_null",
        domain="[('issuer_id', '=', issuer_id), ('kind', '=', kind),"
        " ('overrides_id', '=', False), ('id', '!=', id)]",
        help="At its branches this program takes the other's place and goes on with"
        " what the card has collected there.",
    )
    override_ids = fields.One2many(
        "ekarte.program", "overrides_id", "Special Rules of Branches"
    )
    combine = fields.Selection(
        [
            ("best", "The best discount counts"),
            ("add", "Discounts are added"),
            ("compound", "One discount after the other"),
        ],
        default="best",
        required=True,
    )
    card_type_ids = fields.Many2many("ekarte.card.type", string="Card Types")
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_currency_id", compute_sudo=True
    )
    summary = fields.Text("In Short", compute="_compute_summary")

    # Gift card
    denomination_ids = fields.One2many(
        "ekarte.program.denomination",
        "program_id",
        "Sums on Sale",
        copy=True,
        help="Empty: the card is loaded with any sum.",
    )
    min_load = fields.Monetary("Smallest Load", default=1)
    max_balance = fields.Monetary("Largest Balance", default=1000)
    reloadable = fields.Boolean(default=True)
    valid_months = fields.Integer("Valid for Months", help="0: for ever.")
    vat_class = fields.Selection(
        [("mpv", "Multi-purpose voucher: tax when spent")],
        "VAT Class",
        default="mpv",
        required=True,
    )
    accept_at = fields.Selection(
        [("own", "Own branches"), ("coalition", "The whole coalition")],
        "Accepted At",
        compute="_compute_accept_at",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        tracking=True,
    )

    # Bonus by sum
    step = fields.Monetary("For Each Whole", tracking=True)
    points_per_step = fields.Integer("Points", default=1, tracking=True)
    min_amount = fields.Monetary("Smallest Purchase")
    convert_at = fields.Integer("Points Converted", tracking=True)
    convert_to = fields.Monetary("Into Money", tracking=True)
    expire_days = fields.Integer(
        "Expire After Days", tracking=True, help="0: points and bonus money never end."
    )
    expire_at = fields.Selection(
        [
            ("day", "At the end of that day"),
            ("month", "At the end of that month"),
            ("year", "At the end of that year"),
        ],
        default="day",
        required=True,
    )
    factor_ids = fields.One2many(
        "ekarte.program.factor", "program_id", "Factors by Goods Group", copy=True
    )
    earn_on_gift = fields.Boolean("Paid by Gift Card Earns", default=True)
    clawback = fields.Selection(
        [
            ("deduct", "Deduct from the refund"),
            ("absorb", "The issuer bears it"),
        ],
        "Spent Points of a Refund",
        default="deduct",
        required=True,
    )
    deferral_policy = fields.Selection(
        [("lot", "Defer revenue when earned"), ("none", "No deferral")],
        "Accounting",
        default="lot",
        required=True,
    )

    # Discounts
    rate = fields.Float("Discount, %", digits=(5, 2), tracking=True)
    after_spend = fields.Monetary("After Spending", tracking=True)
    group_ids = fields.Many2many(
        "ekarte.goods.group", string="Goods Groups", help="Empty: all goods."
    )
    scale = fields.Selection(
        [("steps", "Grows by steps"), ("tiers", "By a table")],
        default="steps",
        required=True,
        tracking=True,
    )
    base_rate = fields.Float("Base Discount, %", digits=(5, 2), tracking=True)
    step_amount = fields.Monetary("For Each Whole Spent", tracking=True)
    step_rate = fields.Float("Add, %", digits=(5, 2), tracking=True)
    max_rate = fields.Float("At Most, %", digits=(5, 2), tracking=True)
    tier_ids = fields.One2many("ekarte.program.tier", "program_id", "Table", copy=True)
    period_months = fields.Integer(
        "Starts Anew After Months", default=12, help="0: never."
    )
    count = fields.Selection(
        [("net", "What was paid"), ("gross", "The price before discount")],
        "Counts",
        default="net",
        required=True,
    )

    _code_uniq = models.UniqueIndex("(code)", "This program code is taken.")

    @api.depends("kind")
    def _compute_accept_at(self):
        for program in self:
            program.accept_at = "coalition" if program.kind == "bonus_amount" else "own"

    def _compute_currency_id(self):
        self.currency_id = self.env["ekarte.network"]._get().currency_id

    @api.depends(
        *("kind", "scale", "denomination_ids.amount", "min_load", "max_balance"),
        *("step", "points_per_step", "convert_at", "convert_to", "expire_days"),
        *("rate", "after_spend", *STEPS, "tier_ids.amount_from", "tier_ids.rate"),
    )
    def _compute_summary(self):
        for program in self:
            complete = program.kind == "gift_card" or any(
                (program.step, program.rate, program.step_amount, program.tier_ids)
            )
            program.summary = (
                complete and getattr(program, f"_summary_{program.kind}")()
            )

    def _money(self, amount):
        return format_amount(self.env, amount, self.currency_id)

    def _percent(self, rate):
        return f"{to_basis_points(rate) / 100:g} %"

    def _summary_gift_card(self):
        sums = ", ".join(self._money(one.amount) for one in self.denomination_ids)
        if sums:
            return self.env._("Sold with %(sums)s, spent until empty.", sums=sums)
        return self.env._(
            "Sold with any sum from %(min)s, up to %(max)s on a card.",
            min=self._money(self.min_load),
            max=self._money(self.max_balance),
        )

    def _summary_bonus_amount(self):
        text = self.env._(
            "Points for each whole %(step)s of a purchase: %(points)s.",
            points=self.points_per_step,
            step=self._money(self.step),
        )
        if self.convert_at:
            text += "\n" + self.env._(
                "Every %(points)s points become %(money)s to spend.",
                points=self.convert_at,
                money=self._money(self.convert_to),
            )
        if self.expire_days:
            text += "\n" + self.env._(
                "They end after %(days)s days.", days=self.expire_days
            )
        return text

    def _summary_fixed_discount(self):
        if not self.after_spend:
            return self.env._("%(rate)s at once.", rate=self._percent(self.rate))
        return self.env._(
            "%(rate)s for a card that has spent %(sum)s.",
            rate=self._percent(self.rate),
            sum=self._money(self.after_spend),
        )

    def _summary_accumulated_discount(self):
        if self.scale == "tiers":
            return "\n".join(
                self.env._(
                    "From %(sum)s spent: %(rate)s.",
                    sum=self._money(tier.amount_from),
                    rate=self._percent(tier.rate),
                )
                for tier in self.tier_ids
            )
        return self.env._(
            "%(base)s to start with, %(step)s more for each whole %(sum)s spent,"
            " at most %(max)s.",
            base=self._percent(self.base_rate),
            step=self._percent(self.step_rate),
            sum=self._money(self.step_amount),
            max=self._percent(self.max_rate),
        )

    def action_activate(self):
        """Let the program run: refused, with reasons, when it is not complete."""
        self.state = "active"
        self.env["ekarte.network"].sudo()._get()._refuse_faults_of(self)

    def action_draft(self):
        """Take the program out of the network: only while no card has it."""
        held = self._in_ledger()
        if held:
            raise UserError(
                self.env._(
                    "Cards already collect in %(programs)s. To end a program, give it"
                    " a date in “Valid Until”: customers keep what they have.",
                    programs=", ".join(held.mapped("display_name")),
                )
            )
        self.state = "draft"

    def action_open_purses(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_purse_action"
        )
        action["domain"] = [("program_id", "=", self.id)]
        return action

    def _in_network(self):
        return super()._in_network() and self.state == "active"

    def _network_part(self):
        # An archived branch must not silently turn "one branch" into "all".
        branches = self.with_context(active_test=False).branch_ids.sorted("id")
        return {
            "code": self.code,
            "issuer": self.issuer_id.code,
            "kind": self.kind,
            "name": self.name,
            "parameters": self._parameters(),
            "branches": branches.mapped("code"),
            "overrides": self.overrides_id.code or "",
            "valid_from": _utc(self.valid_from),
            "valid_to": _utc(self.valid_to),
            "sequence": self.sequence,
            "combine": self.combine,
        }

    def _parameters(self):
        names = KIND_PARAMETERS[self.kind]
        if self.kind == "accumulated_discount":
            # The other way of telling the scale stays in Odoo, should one go back.
            unused = STEPS if self.scale == "tiers" else ("tiers",)
            names = [name for name in names if name not in unused]
        return {name: self._parameter(name) for name in names}

    def _parameter(self, name):
        """Return one parameter in the ledger's units: minor units, basis points."""
        field = self._fields[self._network_field_names.get(name, name)]
        value = self[field.name]
        if field.type == "monetary":
            return to_minor(value)
        if field.type == "float":
            return to_basis_points(value)
        if field.relational:
            return value._as_parameter()
        return value
