"""The tills wizard: payment method and products that a till needs to take cards."""

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..models.pos_payment_method import TERMINAL

JOURNAL_CODES = ("EKTND", *(f"EKTN{n}" for n in range(2, 10)))


class EkarteTills(models.TransientModel):
    _name = "ekarte.tills"
    _description = "Preparation of tills for cards"

    config_ids = fields.Many2many(
        "pos.config", string="Tills", domain=[("ekarte_branch_id", "!=", False)]
    )

    @api.model
    @api.private
    def set_up(self, configs):
        """Give tills with a branch everything that they still lack.

        Changes nothing that is right already, so it may run again and again.
        """
        configs = configs.sudo()
        self._check_no_session(configs)
        for company in configs.company_id:
            if company._ekarte_missing_keys():
                self.env["ekarte.accounts"].sudo()._set_up(company)
            of_company = configs.filtered(
                lambda config, company=company: config.company_id == company
            )
            self.sudo().with_company(company)._prepare(of_company, company)

    def action_prepare(self):
        """Make what is missing and say so."""
        self.ensure_one()
        self._check_may_prepare()
        self.set_up(self.config_ids)
        missing = [
            sentence
            for config in self.config_ids
            for sentence in config._ekarte_missing()
        ]
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if missing else "success",
                "message": "\n".join(missing)
                or self.env._("The tills are ready to take cards."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _check_may_prepare(self):
        """Whoever sets an issuer's programs and its tills also prepares them."""
        user = self.env.user
        allowed = user.has_group(
            "ekarte_loyalty.ekarte_loyalty_group_administrator"
        ) or (
            user.has_group("ekarte_loyalty.ekarte_loyalty_group_issuer")
            and user.has_group("point_of_sale.group_pos_manager")
        )
        if not allowed or self.config_ids.company_id - self.env.companies:
            raise AccessError(
                self.env._(
                    "Only an E-karte administrator, or somebody of the issuer who "
                    "manages its points of sale, prepares tills."
                )
            )

    def _check_no_session(self, configs):
        busy = configs.filtered(
            lambda config: not config.ekarte_ready and config.has_active_session
        )
        if busy:
            raise UserError(
                self.env._(
                    "%(tills)s: a session is open. Close it, then prepare the till.",
                    tills=", ".join(busy.mapped("name")),
                )
            )

    def _prepare(self, configs, company):
        configs = configs.filtered("ekarte_branch_id").with_company(company)
        if not configs:
            return
        method = self._payment_method(company)
        discount = self._discount_product(company)
        self._load_products(configs, company)
        for config in configs:
            vals = {}
            if method not in config.payment_method_ids:
                vals["payment_method_ids"] = [Command.link(method.id)]
            if not config.ekarte_discount_product_id:
                vals["ekarte_discount_product_id"] = discount.id
            if vals:
                config.write(vals)

    # Payment

    def _payment_method(self, company):
        """Return the company's payment method for cards, made if need be."""
        tender = company._ekarte_account("TND")
        methods = self.env["pos.payment.method"]
        method = methods.search(
            [("use_payment_terminal", "=", TERMINAL), ("company_id", "=", company.id)],
            limit=1,
        )
        if not method:
            method = methods.create(
                {
                    "name": "E-karte",
                    "company_id": company.id,
                    "journal_id": self._make_journal(company, tender).id,
                    "payment_method_type": "terminal",
                    "use_payment_terminal": TERMINAL,
                }
            )
        if method.outstanding_account_id != tender:
            method.outstanding_account_id = tender
        return method

    def _make_journal(self, company, tender):
        """A journal whose payments wait on the card tender account for settlement."""
        journals = self.env["account.journal"]
        used = set(
            journals.with_context(active_test=False)
            .search(journals._check_company_domain(company))
            .mapped("code")
        )
        free = [code for code in JOURNAL_CODES if code not in used]
        if not free:
            raise UserError(
                self.env._(
                    "No free journal code left in %(company)s: make a payment method "
                    "with terminal E-karte and a journal of type Bank yourself.",
                    company=company.display_name,
                )
            )
        journal = journals.create(
            {
                "name": self.env._("E-karte, paid by card"),
                "code": free[0],
                "type": "bank",
                "company_id": company.id,
                "show_on_dashboard": False,
            }
        )
        lines = journal.inbound_payment_method_line_ids
        lines |= journal.outbound_payment_method_line_ids
        lines.payment_account_id = tender
        return journal

    # Products

    def _discount_product(self, company):
        """Return the product of the lines that take money off."""
        used = self.env["pos.config"].search([("company_id", "=", company.id)])
        if used.ekarte_discount_product_id:
            return used.ekarte_discount_product_id[:1]
        product = self.env["product.product"].create(
            {
                **self._service(company),
                "name": self._names()["discount"],
                "default_code": "EKARTE",
            }
        )
        self._name_in_every_language(product, ["discount"])
        return product

    def _load_products(self, configs, company):
        """Make a product of each sort that the issuer's programs need."""
        config = configs[:1]
        known = config._ekarte_load_products().mapped("ekarte_load")
        sorts = [sort for sort in config._ekarte_sorts_sold() if sort not in known]
        names = self._names()
        named = [sort for sort in sorts if sort in names]
        tender = company._ekarte_account("TND").id
        vals_list = [
            {
                **self._service(company),
                "name": names[sort],
                "ekarte_load": sort,
                "property_account_income_id": tender,
            }
            for sort in named
        ]
        if "pass" in sorts:
            vals_list += self._pass_products(config, company)
        products = self.env["product.template"].create(vals_list)
        self._name_in_every_language(products[: len(named)], named)

    def _names(self):
        return {
            "discount": self.env._("Card discount"),
            "gift_card": self.env._("Gift card"),
            "top_up": self.env._("Top-up of a card"),
            "credit": self.env._("Payment of credit"),
        }

    def _name_in_every_language(self, products, sorts):
        """Cashiers of one till may have languages of their own."""
        for code, _language in self.env["res.lang"].get_installed():
            names = self.with_context(lang=code)._names()
            for product, sort in zip(products, sorts, strict=True):
                product.with_context(lang=code).name = names[sort]

    def _pass_products(self, config, company):
        """A pass is prepaid service: with tax it costs the program's price."""
        taxes = company.account_sale_tax_id
        passes = config._ekarte_programs_sold().filtered(
            lambda program: program.kind == "visit_pass"
        )
        return [
            {
                **self._service(company),
                "name": program.name,
                "ekarte_load": "pass",
                "list_price": _before_tax(taxes, program.price),
                "taxes_id": [Command.set(taxes.ids)],
            }
            for program in passes
        ]

    def _service(self, company):
        return {
            "type": "service",
            "company_id": company.id,
            "list_price": 0,
            "taxes_id": [Command.clear()],
            "supplier_taxes_id": [Command.clear()],
            "sale_ok": True,
            "purchase_ok": False,
            "available_in_pos": True,
        }


def _before_tax(taxes, price):
    """Return what a product is listed at that costs `price` with its taxes."""
    gross = taxes.compute_all(price)["total_included"]
    return price * price / gross if gross else price
