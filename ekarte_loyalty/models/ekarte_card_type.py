from odoo import fields, models
from odoo.exceptions import UserError

from ..units import to_minor


class EkarteCardType(models.Model):
    _name = "ekarte.card.type"
    _description = "Card type"
    _inherit = ["ekarte.network.part.mixin", "mail.thread"]
    _order = "issuer_id, sequence, code"

    _network_room = "card_types"
    _network_field_names = {
        "issuer": "issuer_id",
        "ranges": "range_ids",
        "programs": "program_ids",
        "pool": "may_pool",
    }
    _ledger_columns = (("membership", "card_type"),)
    _ledger_fixed_fields = ("code", "issuer_id")

    sequence = fields.Integer(default=10)
    code = fields.Char(
        required=True,
        tracking=True,
        help="Short name in the network and in the ledger: A-Z, 0-9, - _",
    )
    name = fields.Char(required=True, tracking=True)
    issuer_id = fields.Many2one(
        "ekarte.issuer",
        required=True,
        ondelete="restrict",
        index=True,
        default=lambda self: self.env["ekarte.issuer"]._default_issuer(),
    )
    state = fields.Selection(
        [("draft", "Draft"), ("active", "In Use")],
        default="draft",
        required=True,
        copy=False,
        tracking=True,
        help="A draft is not published: terminals do not know it.",
    )
    range_ids = fields.One2many(
        "ekarte.card.range", "card_type_id", "Number Ranges", copy=True
    )
    program_ids = fields.Many2many(
        "ekarte.program",
        string="Programs",
        domain="[('issuer_id', '=', issuer_id), ('overrides_id', '=', False)]",
        help="A branch's special rule comes along with the program it replaces.",
    )
    auto_register = fields.Boolean(
        "Register at First Purchase",
        tracking=True,
        help="An unknown card of these numbers becomes a card at its first purchase.",
    )
    access_code = fields.Selection(
        [
            ("none", "Never asked"),
            ("optional", "Asked if the card has one"),
            ("required", "Always asked"),
        ],
        default="none",
        required=True,
        tracking=True,
    )
    qualify_amount = fields.Monetary(
        "With a Purchase From",
        tracking=True,
        help="Smaller purchases do not make a card of an unknown number. 0: any does.",
    )
    discount_at_once = fields.Boolean(
        "Discount at Once",
        default=True,
        tracking=True,
        help="Whether the purchase that registers a card has its discount already."
        " Points it earns in any case.",
    )
    # Not `pool`: every Odoo model has an attribute of that name.
    may_pool = fields.Boolean(
        "May Be Pooled",
        tracking=True,
        help="Several cards, such as those of a family, may use the purses of one.",
    )
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_currency_id", compute_sudo=True
    )
    card_count = fields.Integer("Cards", compute="_compute_card_count")

    _code_uniq = models.UniqueIndex("(code)", "This card type code is taken.")

    def _compute_currency_id(self):
        self.currency_id = self.env["ekarte.network"]._get().currency_id

    def _compute_card_count(self):
        counts = dict(
            self.env["ekarte.membership"]._read_group(
                [("card_type_id", "in", self.ids)], ["card_type_id"], ["__count"]
            )
        )
        for card_type in self:
            card_type.card_count = counts.get(card_type, 0)

    def action_activate(self):
        """Put the type to use: refused, with reasons, when it is not complete."""
        self.state = "active"
        self.env["ekarte.network"].sudo()._get()._refuse_faults_of(self)

    def action_draft(self):
        """Take the type out of the network: only while no card is of it."""
        held = self._in_ledger()
        if held:
            raise UserError(
                self.env._(
                    "Customers hold cards of %(types)s.",
                    types=", ".join(held.mapped("display_name")),
                )
            )
        self.state = "draft"

    def action_open_cards(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_card_action"
        )
        action["domain"] = [("membership_ids.card_type_id", "=", self.id)]
        return action

    def _in_network(self):
        return super()._in_network() and self.state == "active"

    def _network_part(self):
        running = self.program_ids.filtered(lambda program: program._in_network())
        return {
            "code": self.code,
            "issuer": self.issuer_id.code,
            "name": self.name,
            "ranges": self.range_ids._as_part(),
            "programs": running.mapped("code"),
            "auto_register": self.auto_register,
            "access_code": self.access_code,
            "qualify_amount": to_minor(self.qualify_amount),
            "discount_at_once": self.discount_at_once,
            "pool": self.may_pool,
        }
