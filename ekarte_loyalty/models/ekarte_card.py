from odoo import fields, models


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
    purse_ids = fields.One2many("ekarte.purse", "card_id", "Purses", readonly=True)
    purse_count = fields.Integer(compute="_compute_counts")
    operation_count = fields.Integer(compute="_compute_counts")

    def _compute_counts(self):
        purses = dict(
            self.env["ekarte.purse"]._read_group(
                [("card_id", "in", self.ids)], ["card_id"], ["__count"]
            )
        )
        operations = dict(
            self.env["ekarte.operation"]._read_group(
                [("card_id", "in", self.ids)], ["card_id"], ["__count"]
            )
        )
        for card in self:
            card.purse_count = purses.get(card, 0)
            card.operation_count = operations.get(card, 0)

    def action_open_purses(self):
        return self._action_open("ekarte_loyalty.ekarte_purse_action")

    def action_open_operations(self):
        return self._action_open("ekarte_loyalty.ekarte_operation_action")

    def _action_open(self, xmlid):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        action["domain"] = [("card_id", "=", self.id)]
        action["context"] = {}
        return action

    def action_block(self):
        return self._action_change("block")

    def action_unblock(self):
        return self._action_change("unblock")

    def _action_change(self, command):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_card_change_action"
        )
        action["name"] = {
            "block": self.env._("Block a Card"),
            "unblock": self.env._("Unblock a Card"),
        }[command]
        action["context"] = {
            "default_card_id": self.id,
            "default_command": command,
        }
        return action
