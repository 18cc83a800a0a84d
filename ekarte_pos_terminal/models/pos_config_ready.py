"""What a till still lacks before it can take cards, in words."""

from odoo import api, fields, models

from .pos_payment_method import TERMINAL

# Which programs are sold at a till, and by a product of which sort.
LOADS = {
    "gift_card": ("gift_card", "top_up"),
    "credit_card": ("credit",),
    "visit_pass": ("pass",),
}
# Sold without tax and income: the money is owed to who holds the card.
UNTAXED_LOADS = ("gift_card", "top_up", "credit")


class PosConfig(models.Model):
    _inherit = "pos.config"

    ekarte_ready = fields.Boolean(
        "Ready for Cards", compute="_compute_ekarte_ready", compute_sudo=True
    )
    ekarte_missing = fields.Text(
        "Missing for Cards", compute="_compute_ekarte_ready", compute_sudo=True
    )

    @api.depends(
        "ekarte_branch_id",
        "ekarte_discount_product_id.taxes_id",
        "payment_method_ids.use_payment_terminal",
        "payment_method_ids.outstanding_account_id",
    )
    @api.depends_context("lang")
    def _compute_ekarte_ready(self):
        for config in self:
            missing = config._ekarte_missing() if config.ekarte_branch_id else []
            config.ekarte_missing = "\n".join(missing)
            config.ekarte_ready = bool(config.ekarte_branch_id) and not missing

    def _ekarte_missing(self):
        """Return what a till with a branch lacks, a sentence for each; [] if ready."""
        self.ensure_one()
        config = self.sudo().with_company(self.company_id)
        return [
            sentence
            for sentence in (
                config._ekarte_missing_currency(),
                config._ekarte_missing_accounts(),
                config._ekarte_missing_method(),
                config._ekarte_missing_discount(),
                *config._ekarte_missing_loads(),
            )
            if sentence
        ]

    def _ekarte_missing_currency(self):
        counted = self.env["ekarte.network"]._get().currency_id
        if self.currency_id == counted:
            return ""
        return self.env._(
            "Cards count in %(counted)s, this till sells in %(sold)s.",
            counted=counted.name,
            sold=self.currency_id.name,
        )

    def _ekarte_missing_accounts(self):
        missing = self.company_id._ekarte_missing_keys()
        if not missing:
            return ""
        return self.env._(
            "%(company)s lacks accounts of E-karte: %(keys)s.",
            company=self.company_id.display_name,
            keys=", ".join(missing),
        )

    def _ekarte_missing_method(self):
        method = self._ekarte_payment_method()
        tender = self.company_id._ekarte_account("TND")
        if not method:
            return self.env._("Cards cannot pay: there is no payment method E-karte.")
        if method.outstanding_account_id != tender:
            return self.env._(
                "What cards pay would not meet the settlement: the outstanding account "
                "of payment method %(method)s is not %(tender)s.",
                method=method.display_name,
                tender=tender.display_name or "TND",
            )
        return ""

    def _ekarte_missing_discount(self):
        product = self.ekarte_discount_product_id
        if not product:
            return self.env._("There is no product for the money off that cards give.")
        if product.taxes_id.filtered(lambda tax: tax.company_id == self.company_id):
            return self.env._(
                "Product %(product)s has a tax of its own: money off is taxed as the "
                "goods are.",
                product=product.display_name,
            )
        return ""

    def _ekarte_missing_loads(self):
        products = self._ekarte_load_products()
        sorts = self.env["product.template"]._fields["ekarte_load"]
        names = dict(sorts._description_selection(self.env))
        for sort in self._ekarte_sorts_sold():
            if sort not in products.mapped("ekarte_load"):
                yield self.env._(
                    "There is no product to sell: %(sort)s.", sort=names[sort]
                )
        for product in products:
            yield self._ekarte_wrong_load(product)

    def _ekarte_wrong_load(self, product):
        """Say what is wrong with a product that loads cards; "" if nothing is."""
        if product.ekarte_load not in UNTAXED_LOADS:
            return ""
        tender = self.company_id._ekarte_account("TND")
        income = product._get_product_accounts()["income"]
        taxes = product.taxes_id.filtered(lambda tax: tax.company_id == self.company_id)
        if not taxes and income == tender:
            return ""
        return self.env._(
            "Product %(product)s puts money on cards: its income account must be "
            "%(tender)s, and it has no tax.",
            product=product.display_name,
            tender=tender.display_name or "TND",
        )

    # What there is

    def _ekarte_payment_method(self):
        """Return the till's payment method for cards."""
        return self.payment_method_ids.filtered(
            lambda method: method.use_payment_terminal == TERMINAL
        )[:1]

    def _ekarte_load_products(self):
        """Return the products that load cards and may be sold at this till."""
        return self.env["product.template"].search(
            [
                ("ekarte_load", "!=", False),
                ("available_in_pos", "=", True),
                ("company_id", "in", (False, self.company_id.id)),
            ]
        )

    def _ekarte_programs_sold(self):
        """Return the issuer's running programs that are sold at tills."""
        issuer = self.ekarte_branch_id.issuer_id
        return issuer.program_ids.filtered(
            lambda program: program.kind in LOADS and program.state == "active"
        )

    def _ekarte_sorts_sold(self):
        """Return the sorts of products that the issuer's programs need, in order."""
        kinds = set(self._ekarte_programs_sold().mapped("kind"))
        return [
            sort for kind, sorts in LOADS.items() if kind in kinds for sort in sorts
        ]
