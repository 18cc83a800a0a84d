"""The parameters of all kinds of program; which kind has which, the core says."""

import msgspec

from odoo import api, fields, models

from ekarte_core import PROGRAM_KINDS

from ..units import to_basis_points, to_minor

STEPS = ("base_rate", "step_amount", "step_rate", "max_rate")
POINTS_KINDS = ("bonus_amount", "bonus_visit", "bonus_prize")


def parameters_of(kind):
    """Return {name: default} of a kind's parameters, as the core knows them."""
    if kind not in PROGRAM_KINDS:
        return {}
    return {
        field.encode_name: field.default
        for field in msgspec.structs.fields(PROGRAM_KINDS[kind])
    }


class EkarteProgram(models.Model):
    _inherit = "ekarte.program"

    # The form shows those fields only.
    parameter_names = fields.Json(compute="_compute_parameter_names")

    # What several kinds have
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
    group_ids = fields.Many2many(
        "ekarte.goods.group", string="Goods Groups", help="Empty: all goods."
    )
    min_gap_minutes = fields.Integer(
        "Pause Between Visits",
        tracking=True,
        help="Minutes: a visit sooner than that does not count. 0: every visit counts.",
    )
    max_per_day = fields.Integer(
        "Visits a Day at Most", tracking=True, help="0: as many as there are."
    )

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
        [
            ("mpv", "Multi-purpose voucher: tax when spent"),
            ("spv", "Single-purpose voucher: tax when sold"),
        ],
        "VAT Class",
        default="mpv",
        required=True,
        tracking=True,
        help="Single-purpose: all goods it may ever buy have one rate of tax, at every"
        " issuer that accepts it. Can change only while no card holds money.",
    )
    tax_rate = fields.Float(
        "Tax When Sold, %", digits=(5, 2), tracking=True, help="The one rate."
    )

    # Points
    step = fields.Monetary("For Each Whole", tracking=True)
    points_per_step = fields.Integer("Points", default=1, tracking=True)
    points_per_visit = fields.Integer("Points for a Visit", default=1, tracking=True)
    min_amount = fields.Monetary(
        "Smallest Purchase", tracking=True, help="Smaller ones give no points."
    )
    earn_on_gift = fields.Boolean("Paid by Gift Card Earns", default=True)
    factor_ids = fields.One2many(
        "ekarte.program.factor", "program_id", "Factors by Goods Group", copy=True
    )
    convert_at = fields.Integer("Points Converted", tracking=True)
    convert_to = fields.Monetary("Into Money", tracking=True)
    expire_days = fields.Integer(
        "Expire After Days",
        tracking=True,
        help="0: points, and the money they became, never end.",
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
    notice_days = fields.Integer(
        "Notice Before",
        help="Days before the end at which the holder is to be told. 0: no notice.",
    )
    clawback = fields.Selection(
        [
            ("deduct", "Deduct from the refund"),
            ("negative", "Later purchases earn them back"),
            ("absorb", "The issuer bears it"),
        ],
        "Spent Points of a Refund",
        default="deduct",
        required=True,
    )
    deferral_policy = fields.Selection(
        [
            ("lot", "Defer revenue when earned"),
            ("cohort", "Defer, and re-estimate by month"),
            ("none", "No deferral"),
        ],
        "Accounting",
        default="lot",
        required=True,
        help="By month: what the points of each month will come to is estimated anew"
        " at month ends; the revenue follows.",
    )
    likelihood = fields.Float(
        "Points Expected To Be Used, %",
        digits=(5, 2),
        default=100,
        tracking=True,
        help="Less than 100: so much less revenue is deferred when points are earned.",
    )
    own_use = fields.Selection(
        [("discount", "Lowers the price"), ("mpv", "Pays, as a voucher")],
        "Used at Own Branches",
        default="discount",
        required=True,
        tracking=True,
        help="A lower price bears less tax. A payment leaves the price, and its tax.",
    )
    questionnaire_points = fields.Integer(
        "Points for the Questionnaire", help="Once, when the holder has filled it in."
    )
    prize_ids = fields.One2many(
        "ekarte.program.prize", "program_id", "Prizes", copy=True
    )
    questionnaire_prize = fields.Integer(compute="_compute_questionnaire_prize")
    referral_points = fields.Integer(
        "Points for Bringing a Friend",
        tracking=True,
        help="Given once the friend's first purchase is booked.",
    )
    card_step_ids = fields.One2many(
        "ekarte.program.card.step", "program_id", "Better Cards", copy=True
    )
    points_of_id = fields.Many2one(
        "ekarte.program",
        "Paid With Points Of",
        ondelete="restrict",
        index="btree_not_null",
        domain="[('issuer_id', '=', issuer_id), ('kind', 'in', %s),"
        " ('overrides_id', '=', False)]" % (POINTS_KINDS,),
    )
    good_ids = fields.One2many(
        "ekarte.program.good", "program_id", "Goods for Points", copy=True
    )

    # Discounts
    rate = fields.Float("Discount, %", digits=(5, 2), tracking=True)
    after_spend = fields.Monetary("After Spending", tracking=True)
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
    idle_days = fields.Integer(
        "Falls if Idle For",
        tracking=True,
        help="For each so many days without a purchase the discount falls. 0: never.",
    )
    idle_step_rate = fields.Float("Falls by, %", digits=(5, 2), tracking=True)
    count = fields.Selection(
        [("net", "What was paid"), ("gross", "The price before discount")],
        "Counts",
        default="net",
        required=True,
    )
    mode = fields.Selection(
        [
            ("whole", "The whole purchase"),
            ("marginal", "Only the part above each sum"),
        ],
        "Applies To",
        default="whole",
        required=True,
        tracking=True,
    )
    questionnaire_rate = fields.Float(
        "More for the Questionnaire, %",
        digits=(5, 2),
        tracking=True,
        help="Added to the discount once the holder has filled in the questionnaire.",
    )

    # Purchases, credit, passes
    tax_group_id = fields.Many2one(
        "ekarte.goods.group",
        "Sold As",
        ondelete="restrict",
        help="Goods group whose tax a pass is sold with. Empty: the branch's tax.",
    )
    ticket_per = fields.Monetary(
        "A Ticket for Each Whole",
        tracking=True,
        help="Tickets of a draw, for each purchase. 0: none.",
    )
    credit_limit = fields.Monetary(tracking=True)
    statement_day = fields.Integer(
        "Statement on Day", default=1, tracking=True, help="Of each month: 1 to 28."
    )
    due_days = fields.Integer(
        "To Pay Within",
        default=14,
        tracking=True,
        help="Days from the statement on.",
    )
    block_overdue_days = fields.Integer(
        "Grace Period",
        tracking=True,
        help="So many days after the last day to pay an unpaid statement stops the"
        " card.",
    )
    late_charge = fields.Monetary(
        tracking=True,
        help="Added to the debt, once, the day after a statement was to be paid and was"
        " not. 0: nothing.",
    )
    long_credit = fields.Boolean(
        "Longer Than for Consumers",
        tracking=True,
        help="Holders are companies, or this is meant as consumer credit: a seller may"
        " let consumers wait at most 50 days (Directive (EU) 2023/2225).",
    )
    credit_elsewhere = fields.Boolean(
        "Credit for Goods of Others",
        tracking=True,
        help="Holders are companies, or the issuer is a licensed lender: for consumers"
        " this is credit by a third party (Directive (EU) 2023/2225).",
    )
    visits = fields.Integer("Visits on the Pass", tracking=True)
    price = fields.Monetary(tracking=True, help="What a pass is sold for.")
    visit_price = fields.Monetary(
        "Visit Elsewhere Costs",
        tracking=True,
        help="What the issuer pays another one for a visit, tax included.",
    )
    valid_days = fields.Integer(
        "Valid for Days", tracking=True, help="From the sale on. 0: for ever."
    )

    @api.depends("kind")
    def _compute_parameter_names(self):
        for program in self:
            program.parameter_names = list(parameters_of(program.kind))

    @api.depends("kind")
    def _compute_accept_at(self):
        for program in self:
            default = parameters_of(program.kind).get("accept_at", "own")
            program.accept_at = default

    @api.depends("prize_ids.for_questionnaire", "prize_ids.sequence")
    def _compute_questionnaire_prize(self):
        for program in self:
            given = [prize.for_questionnaire for prize in program.prize_ids.sorted()]
            program.questionnaire_prize = given.index(True) + 1 if any(given) else 0

    def _network_field_name(self, name):
        """Return the field that holds a parameter, or a common part of the document."""
        if (self.kind, name) == ("bonus_prize", "tiers"):
            return "card_step_ids"
        if name == "questionnaire_prize":
            return "prize_ids"
        return {
            "denominations": "denomination_ids",
            "goods": "good_ids",
            "group": "tax_group_id",
            "groups": "group_ids",
            "group_factor": "factor_ids",
            "points_of": "points_of_id",
            "likelihood_bp": "likelihood",
            "prizes": "prize_ids",
            "tax_rate_bp": "tax_rate",
            "tiers": "tier_ids",
        }.get(name) or super()._network_field_name(name)

    def _parameters(self):
        names = list(parameters_of(self.kind))
        if self.kind == "accumulated_discount":
            # The other way of telling the scale stays in Odoo, should one go back.
            unused = STEPS if self.scale == "tiers" else ("tiers",)
            names = [name for name in names if name not in unused]
        found = {name: self._parameter(name) for name in names}
        if self.vat_class != "spv" and "tax_rate_bp" in found:
            # A rate once typed stays in Odoo, should one go back.
            found["tax_rate_bp"] = 0
        return found

    def _parameter(self, name):
        """Return one parameter in the ledger's units: minor units, basis points."""
        if name == "questionnaire_prize":
            return self.questionnaire_prize
        field = self._fields[self._network_field_name(name)]
        value = self[field.name]
        if field.type == "many2one":
            return value.code or ""
        if field.type == "monetary":
            return to_minor(value)
        if field.type == "float":
            return to_basis_points(value)
        if field.relational:
            return value._as_parameter()
        return value
