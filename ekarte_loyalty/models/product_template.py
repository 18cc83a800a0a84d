from odoo import fields, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    ekarte_goods_group_id = fields.Many2one(
        "ekarte.goods.group",
        "E-karte Goods Group",
        ondelete="restrict",
        index="btree_not_null",
        help="Programs give discounts and points by goods group. Empty: that of the"
        " product's category.",
    )

    def _ekarte_goods_group_code(self):
        """Return the code of the goods group as the ledger knows it, '' for none."""
        self.ensure_one()
        own = self.sudo()
        group = own.ekarte_goods_group_id or own.categ_id._ekarte_goods_group()
        return group.code or ""
