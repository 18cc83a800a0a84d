"""A grocer with a till, goods and cards with something on them: for tours that pay."""

import itertools
from datetime import datetime, timezone

from odoo import Command
from odoo.tests import HttpCase

from ekarte_core import (
    CardRef,
    Request,
    current_network,
    decode_answer,
    execute,
)

from .terminal_common import TerminalCase

CASHIER = "test.cashier"
POS_USER = "point_of_sale.group_pos_user"


def with_check_digit(number):
    """Return a number with the digit of Luhn's check appended."""
    total = 0
    for place, digit in enumerate(map(int, reversed(number))):
        doubled = digit * 2 if place % 2 == 0 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return f"{number}{-total % 10}"


def number_of(span, count):
    return with_check_digit(f"{span}{count:08d}")


class PayCase(TerminalCase, HttpCase):
    """Programs and card types of one issuer; what a card has is paid in beforehand."""

    CLUB, GIFT, SAFE, TAB = "9991001", "9991002", "9991003", "9991004"
    PASS = "9991005"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.companies[0]
        cls.euro = cls.env.ref("base.EUR")
        cls.euro.active = True
        cls.network.currency_id = cls.euro
        cls.company.currency_id = cls.euro
        cls.env["account.chart.template"].try_loading(
            "generic_coa", company=cls.company, install_demo=False
        )
        cls.company.currency_id = cls.euro
        cls.env.user.company_ids += cls.companies
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": cls.company.ids}
        )
        cls._make_programs()
        cls._make_card_types()
        cls._make_till()
        cls.network._publish()
        assert not cls.network.fault_ids, cls.network.fault_ids.mapped("sentence")
        cls.numbers = itertools.count(1)

    # The network

    @classmethod
    def _program(cls, code, kind, **values):
        return cls.env["ekarte.program"].create(
            {
                "code": code,
                "name": values.pop("name", f"Program {code}"),
                "issuer_id": cls.issuers[0].id,
                "kind": kind,
                "state": "active",
                **values,
            }
        )

    @classmethod
    def _make_programs(cls):
        cls.gift = cls._program(
            "TP-GIFT", "gift_card", name="Green gift card", min_load=5, max_balance=500
        )
        cls.bonus = cls._program(
            "TP-BONUS",
            "bonus_amount",
            name="Green points",
            step=10,
            convert_at=1,
            convert_to=1,
        )
        cls.off = cls._program("TP-OFF", "fixed_discount", name="Club price", rate=10)
        cls.prize = cls._program(
            "TP-PRIZE",
            "bonus_prize",
            name="Prizes",
            step=10,
            prize_ids=[
                Command.create({"at": 5, "voucher_kind": "money", "value": 3}),
            ],
        )
        cls.tab = cls._program(
            "TP-TAB", "credit_card", name="House account", credit_limit=100
        )
        cls.ten = cls._program(
            "TP-TEN", "visit_pass", name="Ten visits", visits=10, price=30
        )

    @classmethod
    def _card_type(cls, code, span, programs, **values):
        return cls.env["ekarte.card.type"].create(
            {
                "code": code,
                "name": f"Card {code}",
                "issuer_id": cls.issuers[0].id,
                "range_ids": [
                    Command.create(
                        {
                            "number_from": f"{span}000000000",
                            "number_to": f"{span}999999999",
                        }
                    )
                ],
                "program_ids": [Command.set(programs.ids)],
                "state": "active",
                **values,
            }
        )

    @classmethod
    def _make_card_types(cls):
        cls._card_type(
            "TP-CLUB",
            cls.CLUB,
            cls.bonus | cls.off | cls.prize | cls.gift,
            auto_register=True,
        )
        cls._card_type("TP-GIFT", cls.GIFT, cls.gift)
        cls._card_type("TP-SAFE", cls.SAFE, cls.gift, access_code="optional")
        cls._card_type("TP-TAB", cls.TAB, cls.tab)
        cls._card_type("TP-PASS", cls.PASS, cls.ten)

    # The till

    @classmethod
    def _make_till(cls):
        cls.tax = cls.env["account.tax"].create(
            {
                "name": "21 % in the price",
                "amount": 21,
                "price_include_override": "tax_included",
                "company_id": cls.company.id,
            }
        )
        # What other modules sell has names like ours.
        others = cls.env["product.template"].search([("available_in_pos", "=", True)])
        others.available_in_pos = False
        goods = {"available_in_pos": True, "company_id": cls.company.id}
        cls.bread, cls.cheese = cls.env["product.product"].create(
            [
                {"name": name, "list_price": price, "taxes_id": [(6, 0, cls.tax.ids)]}
                | goods
                for name, price in (("Tour Bread", 10), ("Tour Cheese", 25))
            ]
        )
        cls.till = cls._till("Tour till 1")
        cls.cashier = cls.user(CASHIER, f"base.group_user,{POS_USER}")

    @classmethod
    def _till(cls, name):
        config = (
            cls.env["pos.config"]
            .with_company(cls.company)
            .create(
                {
                    "name": name,
                    "company_id": cls.company.id,
                    "ekarte_branch_id": cls.branches[0].id,
                    "iface_print_auto": False,
                }
            )
        )
        cls.env["ekarte.tills"].set_up(config)
        config.invalidate_recordset()
        assert config.ekarte_ready, config.ekarte_missing
        return config

    def open_till(self, till=None):
        till = till or self.till
        till.with_user(self.cashier).open_ui()
        till.current_session_id.set_opening_control(0, "")
        return till

    def run_tour(self, name, till=None, **values):
        """Run a tour at an open till."""
        till = self.open_till(till)
        self.start_tour(f"/pos/ui/{till.id}", name, login=CASHIER, **values)
        self.env.invalidate_all()

    # Cards

    def send(self, command, number, amount=None, **parts):
        """Send one operation from the back office; return its answer."""
        request = Request(
            command=command,
            terminal=self.issuers[0]._back_office_id(),
            batch=3,
            operation=next(self.numbers),
            card=CardRef(value=number),
            amount=amount,
            slip="none",
            **parts,
        )
        self.env.flush_all()
        (outcome,) = execute(
            self.env.cr,
            [request],
            current_network(self.env.cr),
            self.keyring,
            datetime.now(timezone.utc),
        )
        self.env.invalidate_all()
        return decode_answer(outcome.answer)

    def done(self, command, number, amount=None, **parts):
        answer = self.send(command, number, amount, **parts)
        self.assertEqual(answer.rc, "00", answer.message)
        return answer

    def gift_card(self, count, amount, span=None, access_code=None):
        """Return the number of a gift card with an amount on it, minor units."""
        number = number_of(span or self.GIFT, count)
        self.done("activate", number, amount, access_code=access_code)
        return number

    def club_card(self, count, spent=0):
        """Return a club card whose holder has bought for `spent` before."""
        number = number_of(self.CLUB, count)
        if spent:
            self.done("sale", number, spent)
        return number

    def balance(self, number, program):
        """Return (value, available) of a purse as the ledger has it."""
        answer = self.send("inquire", number)
        for purse in answer.balances:
            if purse.program == program.code and purse.unit not in ("points",):
                return purse.value, purse.available
        return 0, 0

    def points(self, number, program):
        answer = self.send("inquire", number)
        found = [
            one.value
            for one in answer.balances
            if one.program == program.code and one.unit == "points"
        ]
        return sum(found)

    def last_order(self, till=None):
        return self.env["pos.order"].search(
            [("config_id", "=", (till or self.till).id)], order="id desc", limit=1
        )

    def paid(self, order):
        """Return what each payment method paid, in cents, sorted by name."""
        return sorted(
            (payment.payment_method_id.name, round(payment.amount * 100))
            for payment in order.payment_ids
        )
