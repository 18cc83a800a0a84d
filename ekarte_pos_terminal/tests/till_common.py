"""A till of Point of Sale with a branch, goods of two taxes, and a real ledger."""

from uuid import uuid4

from odoo import Command, fields
from odoo.tests import new_test_user

from odoo.addons.ekarte_loyalty.tests.common import NetworkCase
from odoo.addons.ekarte_loyalty.units import to_minor

from ekarte_core import decode_answer

CASHIER = "point_of_sale.group_pos_user"
CLUB = "9980001000000110"
OTHER_CLUB = "9980001000000128"
GIFT = "9980002000000118"
OTHER_GIFT = "9980002000000126"
STRANGER = "9980099000000118"


class TillCase(NetworkCase):
    """Goods have tax in their price: bread 12 % at 2.00, soap 21 % at 5.00."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.company_ids |= cls.grocer_company | cls.fuel_company
        cls.env = cls.env(
            context={
                **cls.env.context,
                "allowed_company_ids": cls.grocer_company.ids,
            }
        )
        cls._make_books()
        cls._make_goods()
        cls.config = cls._make_till("Till one", cls.centre)
        cls.session = cls._open(cls.config)
        cls.cashier = new_test_user(
            cls.env,
            login="t.cashier",
            groups=f"base.group_user,{CASHIER}",
            company_id=cls.grocer_company.id,
            company_ids=[Command.set(cls.grocer_company.ids)],
        )
        cls.till = cls.config.with_user(cls.cashier)
        cls.env.cr.flush()

    @classmethod
    def _make_books(cls):
        for company in cls.grocer_company | cls.fuel_company:
            cls.env["account.chart.template"].try_loading(
                "generic_coa", company=company, install_demo=False
            )
            cls.env["ekarte.accounts"]._set_up(company)
            company.currency_id = cls.euro  # the chart brings its own
        taxes = cls.env["account.tax"]
        cls.tax21, cls.tax12 = (
            taxes.create(
                {
                    "name": f"{rate} % in the price",
                    "amount": rate,
                    "type_tax_use": "sale",
                    "price_include_override": "tax_included",
                    "company_id": cls.grocer_company.id,
                }
            )
            for rate in (21, 12)
        )

    @classmethod
    def _product(cls, name, price, taxes, **values):
        return cls.env["product.product"].create(
            {
                "name": name,
                "type": "consu",
                "available_in_pos": True,
                "list_price": price,
                "taxes_id": [Command.set(taxes.ids)],
                "company_id": cls.grocer_company.id,
                **values,
            }
        )

    @classmethod
    def _make_goods(cls):
        nothing = cls.env["account.tax"]
        tender = cls.grocer_company._ekarte_account("TND")
        cls.bread = cls._product("Bread", 2.0, cls.tax12)
        cls.soap = cls._product("Soap", 5.0, cls.tax21)
        cls.off_product = cls._product("Card discount", 0.0, nothing, type="service")
        cls.offer = cls._product("Money off by the shop", 0.0, nothing, type="service")
        cls.gift_sold = cls._product(
            "Gift card",
            30.0,
            nothing,
            type="service",
            ekarte_load="gift_card",
            property_account_income_id=tender.id,
        )

    @classmethod
    def _make_till(cls, name, branch):
        company = branch.issuer_id.company_id
        config = (
            cls.env["pos.config"]
            .with_company(company)
            .create(
                {
                    "name": name,
                    "company_id": company.id,
                    "ekarte_branch_id": branch.id,
                    "ekarte_discount_product_id": cls.off_product.id
                    if company == cls.grocer_company
                    else False,
                }
            )
        )
        config.payment_method_ids = [
            Command.set((cls._cash(company) | cls._card_method(company)).ids)
        ]
        return config

    @classmethod
    def _cash(cls, company):
        journals = cls.env["account.journal"].with_company(company)
        journal = journals.create(
            {
                "name": "Cash of a till",
                "type": "cash",
                "code": f"C{uuid4().hex[:4].upper()}",
                "company_id": company.id,
            }
        )
        methods = cls.env["pos.payment.method"].with_company(company)
        return methods.create(
            {"name": "Cash", "journal_id": journal.id, "company_id": company.id}
        )

    @classmethod
    def _card_method(cls, company):
        methods = cls.env["pos.payment.method"].with_company(company)
        known = methods.search(
            [
                ("use_payment_terminal", "=", "ekarte"),
                ("company_id", "=", company.id),
            ]
        )
        if known:
            return known
        journal = (
            cls.env["account.journal"]
            .with_company(company)
            .create(
                {
                    "name": "Card tender",
                    "type": "bank",
                    "code": "EKTND",
                    "company_id": company.id,
                }
            )
        )
        return methods.create(
            {
                "name": "E-karte",
                "journal_id": journal.id,
                "company_id": company.id,
                "payment_method_type": "terminal",
                "use_payment_terminal": "ekarte",
                "outstanding_account_id": company._ekarte_account("TND").id,
            }
        )

    @classmethod
    def _open(cls, config):
        config.open_ui()
        session = config.current_session_id
        session.set_opening_control(0, None)
        return session

    # What a browser does

    def cart(self, *goods):
        """Return an order: (product, quantity[, price]) of each line."""
        return Cart(self, self.config, goods)

    def load_gift(self, number=GIFT, amount=5000):
        self._send(self.grocer, "activate", number, amount)

    def balance(self, number, unit="EUR"):
        """Return what is available of a unit on a card."""
        outcome = self._send(self.grocer, "inquire", number)
        answer = self.answer(outcome)
        return sum(row.available for row in answer.balances if row.unit == unit)

    @staticmethod
    def answer(outcome):
        return decode_answer(outcome.answer)

    def scan(self, number):
        return {"kind": "scan", "value": number}


class Cart:
    """What a browser holds of an order, and how it sends it."""

    def __init__(self, case, config, goods, refunds=None):
        self.case, self.config = case, config
        self.uuid = str(uuid4())
        self.goods = []
        self.own = []
        self.payments = []
        self.extra = {}
        for product, qty, *price in goods:
            self.add(product, qty, *price)
        self.refunds = refunds

    @property
    def till(self):
        return self.config.with_user(self.case.cashier)

    def add(self, product, qty, price=None, refunded=None, **extra):
        price = product.lst_price if price is None else price
        self.goods.append(
            {
                "uuid": str(uuid4()),
                "product": product,
                "qty": qty,
                "price": price,
                "taxes": extra.pop("taxes", product.taxes_id),
                "refunded": refunded,
                **extra,
            }
        )
        return self.goods[-1]

    def gross(self, line):
        return to_minor(
            line["taxes"].compute_all(
                line["price"], self.config.currency_id, line["qty"]
            )["total_included"]
        )

    def lines(self):
        """Return the lines as the browser tells them to the card's doors."""
        return [
            {
                "uuid": line["uuid"],
                "product_id": line["product"].id,
                "qty": f"{line['qty']:.3f}",
                "gross": self.gross(line),
                "tax_ids": line["taxes"].ids,
                "refunded_orderline_id": line["refunded"] and line["refunded"].id,
                "role": "goods",
            }
            for line in self.goods
        ]

    # The doors

    def identify(self, identifier, **more):
        if isinstance(identifier, str):
            identifier = self.case.scan(identifier)
        quote = self.till.ekarte_identify(self.uuid, identifier, self.lines(), **more)
        return self.apply(quote)

    def quote(self, tender=None):
        quote = self.till.ekarte_quote(self.uuid, self.lines(), tender)
        return quote if tender is not None else self.apply(quote)

    def hold(self, tender, payment_uuid=None, **more):
        payment_uuid = payment_uuid or str(uuid4())
        quote = self.till.ekarte_hold(
            self.uuid, payment_uuid, self.lines(), tender, **more
        )
        if quote["held"]:
            if "card" not in more:
                self.apply(quote)
            if quote["card_payment"]:
                self.pay_by_card(quote["card_payment"], payment_uuid)
        return quote

    def load(self, line, number, amount=None):
        identifier = number and self.case.scan(number)
        return self.till.ekarte_load(
            self.uuid, line["uuid"], identifier, line["product"].id, amount
        )

    def apply(self, quote):
        """Take the off lines of a quote over, as the browser does."""
        if quote["rc"] == "00":
            self.own = quote["off_lines"]
        return quote

    # The order

    def pay_by_card(self, minor, payment_uuid=None):
        method = self.config.payment_method_ids.filtered(
            lambda one: one.use_payment_terminal == "ekarte"
        )
        self.payments.append((method, minor, payment_uuid or str(uuid4())))

    def total(self):
        return sum(self.gross(line) for line in self.goods) - sum(
            line["minor"] for line in self.own
        )

    def data(self, state="paid", cash=True):
        """Return the order as the browser sends it."""
        payments = list(self.payments)
        rest = self.total() - sum(minor for _method, minor, _uuid in payments)
        if cash and rest and state == "paid":
            method = self.config.payment_method_ids.filtered("is_cash_count")
            payments.append((method, rest, str(uuid4())))
        return {
            "uuid": self.uuid,
            "access_token": str(uuid4()),
            "state": state,
            "session_id": self.config.current_session_id.id,
            "config_id": self.config.id,
            "company_id": self.config.company_id.id,
            "pricelist_id": self.config.pricelist_id.id,
            "fiscal_position_id": False,
            "user_id": self.case.cashier.id,
            "partner_id": False,
            "date_order": fields.Datetime.to_string(fields.Datetime.now()),
            "amount_paid": sum(minor for _m, minor, _u in payments) / 100,
            "amount_total": self.total() / 100,
            "amount_tax": 0,
            "amount_return": 0,
            "to_invoice": False,
            "is_refund": any(line["refunded"] for line in self.goods),
            "last_order_preparation_change": "{}",
            "lines": self._commands(
                self.order.lines,
                [
                    *(self._line(line) for line in self.goods),
                    *(self._own_line(line) for line in self.own),
                ],
            ),
            "payment_ids": self._commands(
                self.order.payment_ids,
                [
                    {
                        "uuid": payment_uuid,
                        "amount": minor / 100,
                        "payment_method_id": method.id,
                        "payment_status": "done",
                    }
                    for method, minor, payment_uuid in payments
                ],
            ),
            **self.extra,
        }

    @staticmethod
    def _commands(known, rows):
        """Return the rows as commands: what the server has is changed or deleted."""
        ids = {record.uuid: record.id for record in known}
        left = ids.keys() - {row["uuid"] for row in rows}
        return [
            *(Command.delete(ids[uuid]) for uuid in left),
            *(
                Command.update(ids[row["uuid"]], row)
                if row["uuid"] in ids
                else Command.create(row)
                for row in rows
            ),
        ]

    def _line(self, line):
        gross = self.gross(line) / 100
        return {
            "uuid": line["uuid"],
            "product_id": line["product"].id,
            "qty": line["qty"],
            "price_unit": line["price"],
            "tax_ids": [Command.set(line.get("sent_taxes", line["taxes"]).ids)],
            "price_subtotal": gross,
            "price_subtotal_incl": gross,
            "full_product_name": line["product"].name,
            "refunded_orderline_id": line["refunded"] and line["refunded"].id,
            "ekarte_role": line.get("role", False),
        }

    def _own_line(self, line):
        return {
            "uuid": str(uuid4()),
            "product_id": self.case.off_product.id,
            "qty": 1,
            "price_unit": line["price_unit"],
            "tax_ids": [Command.set(line["tax_ids"])],
            "price_subtotal": -line["minor"] / 100,
            "price_subtotal_incl": -line["minor"] / 100,
            "full_product_name": line["name"],
            "extra_tax_data": line["extra_tax_data"],
            "ekarte_role": line["role"],
            "ekarte_key": line["key"],
        }

    def send(self, state="paid", **more):
        """Send the order as the cashier's browser does; return it."""
        orders = self.case.env["pos.order"].with_user(self.case.cashier)
        orders.sync_from_ui([self.data(state, **more)])
        return self.order

    @property
    def order(self):
        return self.case.env["pos.order"].search([("uuid", "=", self.uuid)])

    @property
    def rows(self):
        return self.case.env["ekarte.checkout"].search([("order_uuid", "=", self.uuid)])

    @property
    def loads(self):
        return self.case.env["ekarte.checkout.load"].search(
            [("order_uuid", "=", self.uuid)]
        )
