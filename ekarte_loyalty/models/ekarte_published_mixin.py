from odoo import api, models


class EkartePublishedMixin(models.AbstractModel):
    """A record that the network document is built from.

    Any change schedules one publication at the end of the transaction. Lines of other
    records need nothing else; so do models of other add-ons (a registry of terminals).
    """

    _name = "ekarte.published.mixin"
    _description = "Source of the network document"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env["ekarte.network"]._schedule_publication()
        return records

    def write(self, vals):
        result = super().write(vals)
        # Odoo checks before writing only; nobody may write a record over to others.
        self.check_access("write")
        self.env["ekarte.network"]._schedule_publication()
        return result

    def unlink(self):
        self.env["ekarte.network"]._schedule_publication()
        return super().unlink()
