"""Sales orders of an issuer with books: goods of two tax rates, cards of every kind."""

from odoo import Command
from odoo.tests import new_test_user

from .common import NetworkCase

ALL_CARD = "9980009000000014"
OTHER_ALL_CARD = "9980009000000022"


class SaleCase(NetworkCase):
    """A salesperson at the test grocer; a card with discount, bonus and gift money."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls._make_books(cls.grocer_company)
        cls.salesperson = cls._seller("ekarte.sales", cls.grocer_company)
        cls.env = cls.env(
            user=cls.salesperson,
            context={
                **cls.env.context,
                "allowed_company_ids": cls.grocer_company.ids,
            },
        )
        cls.customer = cls._as_root("res.partner").create({"name": "Anna Ozola"})
        cls._make_goods()
        cls.card = cls._load_card(ALL_CARD, 10_000)

    @classmethod
    def _as_root(cls, model):
        return cls.env[model].sudo().with_company(cls.grocer_company)

    @classmethod
    def _make_books(cls, company):
        company.country_id = cls.env.ref("base.lv")
        cls.env["account.chart.template"].try_loading(
            "lv", company=company, install_demo=False
        )
        cls.env["ekarte.accounts"]._set_up(company)

    @classmethod
    def _seller(cls, login, company):
        return new_test_user(
            cls.env(su=True),
            login=login,
            groups="base.group_user,sales_team.group_sale_manager,"
            "account.group_account_invoice,sale.group_discount_per_so_line",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    @classmethod
    def _make_goods(cls):
        tax = cls._as_root("account.tax")
        cls.tax_21 = cls._tax(21)
        cls.tax_12 = cls._tax(12)
        cls.tax_in = tax.create(
            {
                "name": "21 % in the price",
                "amount": 21,
                "type_tax_use": "sale",
                "price_include_override": "tax_included",
                "company_id": cls.grocer_company.id,
                "country_id": cls.env.ref("base.lv").id,
            }
        )
        cls.bread = cls._product("Bread", 8.05, cls.tax_12)
        cls.lamp = cls._product("Lamp", 39.99, cls.tax_21)
        cls.book = cls._product("Book", 12.10, cls.tax_in)

    @classmethod
    def _tax(cls, rate):
        return cls._as_root("account.tax").search(
            [
                ("company_id", "=", cls.grocer_company.id),
                ("type_tax_use", "=", "sale"),
                ("amount", "=", rate),
                ("amount_type", "=", "percent"),
            ],
            limit=1,
        )

    @classmethod
    def _product(cls, name, price, taxes, **values):
        return cls._as_root("product.product").create(
            {
                "name": name,
                "list_price": price,
                "taxes_id": [Command.set(taxes.ids)],
                "invoice_policy": "order",
                "type": "consu",
                **values,
            }
        )

    @classmethod
    def _make_programs(cls):
        super()._make_programs()
        cls.bonus.write({"step": 1, "convert_at": 10, "convert_to": 1})

    @classmethod
    def _make_card_types(cls):
        super()._make_card_types()
        cls.all_type = cls._card_type(
            "T-ALL",
            cls.grocer,
            cls.bonus | cls.discount | cls.gift,
            "9980009",
            auto_register=True,
        )

    @classmethod
    def _load_card(cls, number, gift_minor, bought_minor=0):
        """Return a card with gift money, and bonus money of an earlier purchase."""
        root = cls.env["ekarte.card"].sudo()
        if bought_minor:
            cls._send(cls.grocer, "sale", number, bought_minor)
        command = "top_up" if bought_minor else "activate"
        cls._send(cls.grocer, command, number, gift_minor, program="T-GIF")
        return root.search([("number", "=like", f"{number[:6]}%{number[-4:]}")])

    # What a salesperson does

    def _quotation(self, *goods, card=None, **values):
        """Return a quotation: goods are (product, quantity)."""
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "order_line": [
                    Command.create({"product_id": product.id, "product_uom_qty": count})
                    for product, count in goods
                ],
                **values,
            }
        )
        if card is None or card:
            order._ekarte_attach(card or self.card)
        return order

    def _pay_by_card(self, order, **amounts):
        wizard = (
            self.env["ekarte.sale.tender"]
            .with_context(default_order_id=order.id)
            .create({"order_id": order.id, **amounts})
        )
        wizard.action_pay()

    def _invoice(self, order, post=True):
        invoice = order._create_invoices()
        if post:
            invoice.action_post()
        return invoice

    def _pay(self, invoice, amount=None):
        """Pay an invoice otherwise: by bank."""
        values = {"amount": amount} if amount else {}
        journal = self._as_root("account.journal").search(
            [
                ("company_id", "=", self.grocer_company.id),
                ("type", "=", "bank"),
                ("id", "!=", self.grocer_company.ekarte_payment_journal_id.id),
            ],
            limit=1,
        )
        register = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        register.create({"journal_id": journal.id, **values})._create_payments()

    def _credit(self, invoice, **quantities):
        """Return a credit note: of all, or of so much of each product."""
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id})
        )
        note = self.env["account.move"].browse(wizard.refund_moves()["res_id"])
        for line in note.invoice_line_ids.filtered(lambda one: not one.ekarte_role):
            wanted = quantities.get(line.product_id.name, None if not quantities else 0)
            if wanted is not None:
                line.quantity = wanted
        note.action_post()
        return note

    # What the ledger says

    def _purse(self, card, program, unit="EUR"):
        self.env.invalidate_all()
        return (
            self.env["ekarte.purse"]
            .sudo()
            .search(
                [
                    ("card_id", "=", card.account_id.id),
                    ("program_id.code", "=", program),
                    ("unit", "=", unit),
                ]
            )
        )

    def _gift(self, card=None):
        """Return (posted, held) of the gift money, minor units."""
        purse = self._purse(card or self.card, "T-GIF")
        return self._cents(purse.balance), self._cents(purse.held)

    def _points(self, card=None):
        return self._purse(card or self.card, "T-BON", "points").points

    def _bonus(self, card=None):
        return self._cents(self._purse(card or self.card, "T-BON").balance)

    def _cents(self, amount):
        return round(amount * 100)

    def _own(self, order, role="discount"):
        return order.order_line.filtered(lambda line: line.ekarte_role == role)

    def _balance(self, key):
        """Return the balance of an account of the grocer, cents."""
        account = self.grocer_company._ekarte_account(key)
        items = (
            self.env["account.move.line"]
            .sudo()
            .search(
                [
                    ("account_id", "=", account.id),
                    ("company_id", "=", self.grocer_company.id),
                    ("parent_state", "=", "posted"),
                ]
            )
        )
        return round(sum(items.mapped("balance")) * 100)
