from odoo import api, fields, models
from odoo.exceptions import ValidationError


class PosConfig(models.Model):
    _inherit = "pos.config"

    ekarte_branch_id = fields.Many2one(
        "ekarte.branch",
        string="E-karte Branch",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('issuer_id.company_id', '=', company_id)]",
        help="The branch whose programs and cards this till works with.",
    )

    ekarte_discount_product_id = fields.Many2one(
        "product.product",
        string="E-karte Discount Product",
        ondelete="restrict",
        check_company=True,
        help="Money off that a card gives stands on lines of this product.",
    )

    @api.model
    def _get_special_products(self):
        """The discount product is loaded to the till, and is not for sale by hand."""
        special = super()._get_special_products()
        tills = self.env["pos.config"].sudo().search([])
        return special | tills.ekarte_discount_product_id

    @api.constrains("ekarte_branch_id", "company_id")
    def _check_ekarte_branch_id(self):
        for config in self:
            branch = config.sudo().ekarte_branch_id
            if branch and branch.issuer_id.company_id != config.company_id:
                raise ValidationError(
                    self.env._(
                        "Branch %(branch)s is not one of %(company)s, whose till "
                        "%(till)s is.",
                        branch=branch.display_name,
                        company=config.company_id.display_name,
                        till=config.display_name,
                    )
                )
