from odoo import api, fields, models
from odoo.exceptions import AccessError

from odoo.addons.ekarte_loyalty.terminal_ids import odoo_terminal_id

HOLD_MINUTES_MAX = 24 * 60
OWN_FIELDS = frozenset(
    {"ekarte_branch_id", "ekarte_hold_minutes", "ekarte_discount_product_id"}
)
MAY_SET = (
    "point_of_sale.group_pos_manager",
    "ekarte_loyalty.ekarte_loyalty_group_issuer",
    "ekarte_loyalty.ekarte_loyalty_group_administrator",
)
PUBLISHED = frozenset({"name", "ekarte_branch_id", "ekarte_hold_minutes"})


class PosConfigTerminal(models.Model):
    """A till of Point of Sale is a terminal of the network, once it has a branch."""

    _inherit = "pos.config"

    ekarte_hold_minutes = fields.Integer(
        "Card Holds Last, Minutes",
        default=60,
        required=True,
        help="How long a card keeps value for an order that is not stored yet. Orders "
        "of restaurants stay open longer than those of shops.",
    )
    _ekarte_hold_minutes_in_limits = models.Constraint(
        f"CHECK (ekarte_hold_minutes BETWEEN 1 AND {HOLD_MINUTES_MAX})",
        "A card's hold lasts from one minute to one day.",
    )

    # A terminal of the network document

    def _ekarte_terminal(self):
        """Return the terminal number of this till: PO and six of base 36."""
        self.ensure_one()
        return odoo_terminal_id("PO", self.id)

    def _ekarte_network_part(self):
        """Return this till as the network document shows it."""
        self.ensure_one()
        return {
            "id": self._ekarte_terminal(),
            "branch": self.ekarte_branch_id.code,
            "name": self.name,
            "protocol": "odoo",
            "mac": "none",
            "hold_s": self.ekarte_hold_minutes * 60,
        }

    @api.model_create_multi
    def create(self, vals_list):
        configs = super().create(vals_list)
        if configs.ekarte_branch_id:
            self.env["ekarte.network"]._schedule_publication()
        return configs

    def write(self, vals):
        self._ekarte_check_may_set(vals)
        done = super().write(vals)
        branched = "ekarte_branch_id" in vals or self.ekarte_branch_id
        if branched and PUBLISHED & set(vals):
            self.env["ekarte.network"]._schedule_publication()
        return done

    def _ekarte_check_may_set(self, vals):
        """Cashiers may write a till's record: Odoo lets them. Not what cards go by."""
        if self.env.su or not OWN_FIELDS & set(vals):
            return
        if not any(self.env.user.has_group(group) for group in MAY_SET):
            raise AccessError(
                self.env._("Only who manages tills sets how they take cards.")
            )

    def unlink(self):
        if self.ekarte_branch_id:
            self.env["ekarte.network"]._schedule_publication()
        return super().unlink()

    def _get_forbidden_change_fields(self):
        # Holds and batches of an open session belong to the branch it was opened for.
        return [*super()._get_forbidden_change_fields(), "ekarte_branch_id"]
