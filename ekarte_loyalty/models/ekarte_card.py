from odoo import api, fields, models
from odoo.fields import Domain

HISTORY = 60
"""The latest operations that the form shows; the button above opens all of them."""


def _by_name(condition):
    """Look for a holder's name alone: other data would be looked through one by one."""
    if condition.field_expr != "display_name":
        return condition
    return Domain("complete_name", condition.operator, condition.value)


class EkarteCard(models.Model):
    """A card of the ledger. Its number is nowhere in the database, only a mask."""

    _name = "ekarte.card"
    _description = "Card"
    _inherit = ["ekarte.ledger.view.mixin", "ekarte.scope.mixin"]
    _auto = False
    _rec_name = "number"
    _order = "id desc"
    # Whose customer the card is.
    _scope_sources = ("SELECT card_id AS id, issuer FROM ekarte.membership",)

    number = fields.Char("Card", readonly=True, help="First six and last four only.")
    last4 = fields.Char("Last Four", readonly=True)
    kind = fields.Selection(
        [
            ("number", "Card number"),
            ("bank", "Bank card"),
            ("document", "Document"),
            ("phone", "Phone number"),
            ("chip", "Chip"),
        ],
        readonly=True,
    )
    state = fields.Selection(
        [
            ("new", "New"),
            ("active", "Active"),
            ("blocked", "Blocked"),
            ("lost", "Lost"),
            ("stolen", "Stolen"),
            ("replaced", "Replaced"),
            ("expired", "Expired"),
            ("closed", "Closed"),
        ],
        readonly=True,
    )
    state_at = fields.Datetime("State Since", readonly=True)
    registered_at = fields.Datetime("Registered", readonly=True)
    last_use = fields.Datetime(readonly=True)
    has_access_code = fields.Boolean(readonly=True)
    access_tries = fields.Integer("Wrong Access Codes", readonly=True)
    membership_ids = fields.One2many(
        "ekarte.membership", "card_id", "Takes Part In", readonly=True
    )
    account_id = fields.Many2one(
        "ekarte.card",
        readonly=True,
        help="The card whose purses this one uses: another one after a replacement, or"
        " where cards are pooled.",
    )
    sharing_ids = fields.One2many(
        "ekarte.card", compute="_compute_sharing_ids", string="Cards of the Account"
    )
    purse_ids = fields.One2many(
        "ekarte.purse", compute="_compute_account", string="Purses"
    )
    voucher_ids = fields.One2many(
        "ekarte.voucher", compute="_compute_account", string="Vouchers"
    )
    statement_ids = fields.One2many(
        "ekarte.statement", compute="_compute_account", string="Statements"
    )
    holder_ids = fields.One2many(
        "ekarte.holder",
        compute="_compute_holders",
        search="_search_holder_ids",
        string="Held By",
    )
    holder_names = fields.Char("Holder", compute="_compute_holders")
    history_ids = fields.One2many("ekarte.operation", compute="_compute_history_ids")
    may_pool = fields.Boolean(compute="_compute_may_pool")
    purse_count = fields.Integer(compute="_compute_counts")
    operation_count = fields.Integer(compute="_compute_counts")

    @api.depends("account_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_sharing_ids(self):
        for card in self:
            account = card.account_id.id
            sharing = self.search([("account_id", "=", account)]) if account else card
            card.sharing_ids = sharing if len(sharing) > 1 else False

    @api.depends("account_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_account(self):
        # Searched, so that each user sees what is of the own issuers.
        for card in self:
            of_account = [("card_id", "=", card.account_id.id)]
            card.purse_ids = self.env["ekarte.purse"].search(of_account)
            card.voucher_ids = self.env["ekarte.voucher"].search(of_account)
            card.statement_ids = self.env["ekarte.statement"].search(of_account)

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_holders(self):
        # Searched, for the same reason.
        held = dict(
            self.env["ekarte.holder"]._read_group(
                [("card_id", "in", self.ids)], ["card_id"], ["id:recordset"]
            )
        )
        for card in self:
            card.holder_ids = held.get(card, False)
            partners = card.holder_ids.partner_id
            card.holder_names = ", ".join(partners.mapped("name"))

    def _search_holder_ids(self, operator, value):
        if operator not in ("in", "any", "ilike"):
            return NotImplemented
        if operator == "any":
            value = Domain(value).map_conditions(_by_name)
        field = "id" if operator == "in" else "partner_id"
        holders = self.env["ekarte.holder"].search([(field, operator, value)])
        return [("id", "in", holders.card_id.ids)]

    @api.depends("membership_ids.card_type_id.may_pool")
    def _compute_may_pool(self):
        for card in self:
            card.may_pool = any(card.membership_ids.card_type_id.mapped("may_pool"))

    def _compute_counts(self):
        operations = dict(
            self.env["ekarte.operation"]._read_group(
                [("card_id", "in", self.ids)], ["card_id"], ["__count"]
            )
        )
        for card in self:
            card.purse_count = len(card.purse_ids)
            card.operation_count = operations.get(card, 0)

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_history_ids(self):
        # Searched, so that each user sees what concerns the own issuers.
        operations = self.env["ekarte.operation"]
        for card in self:
            of_card = [("card_id", "=", card.id)]
            card.history_ids = operations.search(of_card, limit=HISTORY)

    def action_open_purses(self):
        action = self._action_open("ekarte_loyalty.ekarte_purse_action")
        action["domain"] = [("card_id", "=", self.account_id.id)]
        return action

    def action_open_operations(self):
        return self._action_open("ekarte_loyalty.ekarte_operation_action")

    def _action_open(self, xmlid):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        action["domain"] = [("card_id", "=", self.id)]
        action["context"] = {}
        return action

    def action_give(self):
        """Ask to which customer the card is given, or who holds it from now on."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_holder_action"
        )
        held = self.holder_ids[:1]
        return {
            **action,
            "name": self.env._("Holder of the Card")
            if held
            else self.env._("Give the Card to a Customer"),
            "views": [(False, "form")],
            "res_id": held.id,
            "target": "new",
            "context": {"default_card_id": self.id},
        }

    def action_block(self):
        return self._action_change("block")

    def action_unblock(self):
        return self._action_change("unblock")

    def action_replace(self):
        return self._action_change("replace")

    def action_pool(self):
        return self._action_change("pool")

    def action_leave(self):
        return self._action_change("leave")

    def _action_change(self, command):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_card_change_action"
        )
        action["name"] = {
            "block": self.env._("Block a Card"),
            "unblock": self.env._("Unblock a Card"),
            "replace": self.env._("Replace a Card"),
            "pool": self.env._("Join a Pool"),
            "leave": self.env._("Leave the Pool"),
        }[command]
        action["context"] = {
            "default_card_id": self.id,
            "default_command": command,
        }
        return action
