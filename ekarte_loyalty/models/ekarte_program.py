from odoo import fields, models
from odoo.exceptions import UserError

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Fields of the days, Monday first: the document counts them from 1."""


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
        "hours": "hour_ids",
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
            ("bonus_visit", "Bonus by visit"),
            ("bonus_prize", "Bonus with prizes"),
            ("exchange", "Exchange of points"),
            ("fixed_discount", "Fixed discount"),
            ("accumulated_discount", "Accumulated discount"),
            ("calculated_discount", "Discount by purchase"),
            ("purchase_accounting", "Purchase accounting"),
            ("credit_card", "Local credit card"),
            ("attendance", "Attendance"),
            ("visit_pass", "Visit pass"),
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

    # When, and for whom
    mon = fields.Boolean()
    tue = fields.Boolean()
    wed = fields.Boolean()
    thu = fields.Boolean()
    fri = fields.Boolean()
    sat = fields.Boolean()
    sun = fields.Boolean()
    hour_ids = fields.One2many(
        "ekarte.program.hours",
        "program_id",
        "Hours",
        copy=True,
        help="By the branch's clock. Empty: all day.",
    )
    min_age_of_card = fields.Integer(
        "Card at Least",
        tracking=True,
        help="Days since the card was registered; 0: from the first purchase on.",
    )
    consent = fields.Char(
        "Consent To",
        tracking=True,
        help="Only for cards whose holder has consented to this purpose: a word of"
        " a-z, 0-9 and _, as questionnaires send it. Empty: for every card.",
    )

    _code_uniq = models.UniqueIndex("(code)", "This program code is taken.")

    def _compute_currency_id(self):
        self.currency_id = self.env["ekarte.network"]._get().currency_id

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
            "weekdays": [number for number, day in enumerate(WEEKDAYS, 1) if self[day]],
            "hours": self.hour_ids._as_part(),
            "min_age_of_card": self.min_age_of_card,
            "consent": self.consent or "",
        }
