"""Clearing lines: two for each operation that crosses issuers, never changed."""

from collections import defaultdict
from datetime import date

from odoo.tests import tagged

from .settlement_common import CREDIT, GIFT, LedgerCase, SettlementCase


@tagged("post_install", "-at_install")
class TestClearingLinesOfDocuments(SettlementCase):
    """Documents without operations behind them: the line itself is the piece."""

    def test_what_crosses_issuers_stands_twice_and_the_rest_not_at_all(self):
        settlement = self.take(
            self.line("gift_spend", "TFUEL", "TGROCER", amount=3000, carry=3000),
            self.line("gift_spend", amount=500, carry=500),
            self.line("sale", amount=900),
        )
        lines = self.lines_of(settlement)
        self.assertEqual(
            [(one.issuer_id.code, one.side, one.amount) for one in lines],
            [("TFUEL", "receive", 30.0), ("TGROCER", "pay", -30.0)],
        )
        self.assertEqual(set(lines.mapped("state")), {"open"})

    def test_who_takes_money_in_owes_it(self):
        settlement = self.take(
            self.line("gift_load", "TFUEL", "TGROCER", amount=5000, carry=5000)
        )
        self.assertEqual(
            [(one.issuer_id.code, one.amount) for one in self.lines_of(settlement)],
            [("TGROCER", 50.0), ("TFUEL", -50.0)],
        )

    def test_line_is_worth_the_price_agreed_and_tells_the_nominal(self):
        settlement = self.take(
            self.line(
                "bonus_spend",
                "TFUEL",
                "TGROCER",
                amount=1000,
                carry=800,
                reimbursed=800,
                price_bp=8000,
            )
        )
        receive, pay = self.lines_of(settlement)
        self.assertEqual((receive.amount, receive.nominal), (8.0, 10.0))
        self.assertEqual((pay.amount, pay.nominal), (-8.0, -10.0))

    def test_outside_issuers_have_lines_though_no_books(self):
        settlement = self.take(
            self.line("gift_spend", "TBOOKS", "TGROCER", amount=700, carry=700)
        )
        lines = self.lines_of(settlement)
        self.assertEqual(lines.issuer_id, self.issuers[0] | self.issuers[2])
        self.assertFalse(sum(lines.mapped("amount")))

    def test_document_that_waits_has_no_lines_until_it_is_posted(self):
        self.grocer.ekarte_lgc_account_id = False
        settlement = self.take(
            self.line("gift_spend", "TFUEL", "TGROCER", amount=3000, carry=3000)
        )
        self.assertFalse(self.lines_of(settlement))
        self.env["ekarte.accounts"]._set_up(self.grocer)
        settlement.action_retry()
        self.assertEqual(len(self.lines_of(settlement)), 2)

    def test_reversed_settlement_is_taken_back_by_new_lines(self):
        settlement = self.take(
            self.line("gift_spend", "TFUEL", "TGROCER", amount=3000, carry=3000)
        )
        before = self.lines_of(settlement)
        settlement._reverse(date(2026, 11, 22), "wrong account")
        lines = self.lines_of(settlement)
        self.assertEqual(before.mapped("amount"), [30.0, -30.0])
        self.assertEqual((lines - before).mapped("amount"), [-30.0, 30.0])
        self.assertEqual(set((lines - before).mapped("origin")), {"reversed"})
        settlement.action_post_again()
        self.assertEqual(len(self.lines_of(settlement)), 6)
        self.assertEqual(
            sum(self.lines_of(settlement, self.issuers[1]).mapped("amount")), 30.0
        )

    def test_what_was_posted_before_there_were_lines_is_filled_up_once(self):
        settlement = self.take(
            self.line("gift_spend", "TFUEL", "TGROCER", amount=3000, carry=3000)
        )
        self.lines_of(settlement).unlink()
        self.settlements._fill_up_clearing()
        self.settlements._fill_up_clearing()
        self.assertEqual(self.lines_of(settlement).mapped("amount"), [30.0, -30.0])

    def lines_of(self, settlement, issuer=None):
        lines = self.env["ekarte.clearing.line"].search(
            [("settlement_id", "=", settlement.id)], order="id"
        )
        return lines.filtered(lambda one: not issuer or one.issuer_id == issuer)


@tagged("post_install", "-at_install")
class TestClearingLinesOfOperations(LedgerCase):
    """Lines of real operations: each one's own amount, and a token for its card."""

    def test_each_operation_has_two_lines_of_opposite_amount(self):
        self.trade()
        settlement = self.settle()
        lines = self.env["ekarte.clearing.line"].search(
            [("settlement_id", "in", settlement.ids)]
        )
        by_operation = defaultdict(list)
        for line in lines:
            self.assertTrue(line.operation_id)
            by_operation[line.operation_id].append((line.issuer_id.code, line.amount))
        self.assertEqual(
            sorted(sorted(pair) for pair in by_operation.values()),
            [
                [("TBOOKS", 20.0), ("TGROCER", -20.0)],
                [("TFUEL", 30.0), ("TGROCER", -30.0)],
            ],
        )

    def test_lines_of_an_issuer_sum_to_its_clearing_account(self):
        self.trade()
        self.send("activate", "TTTTTTG1", CREDIT)
        self.send("sale", "TTTTTTF1", CREDIT, amount=4_000)
        self.settle()
        for issuer in self.issuers[:2]:
            lines = self.env["ekarte.clearing.line"].search(
                [("issuer_id", "=", issuer.id)]
            )
            items = self.env["account.move.line"].search(
                [
                    (
                        "account_id",
                        "=",
                        issuer.company_id._ekarte_account("CLR").id,
                    ),
                    ("company_id", "=", issuer.company_id.id),
                ]
            )
            self.assertTrue(lines)
            self.assertEqual(
                round(sum(lines.mapped("amount")), 2),
                round(sum(items.mapped("balance")), 2),
            )

    def test_card_has_a_token_of_its_own_at_each_issuer_and_never_its_number(self):
        self.send("activate", "TTTTTTG1", GIFT, amount=10_000)
        self.send("sale", "TTTTTTF1", GIFT, amount=500)
        settlement = self.settle()
        lines = self.env["ekarte.clearing.line"].search(
            [("settlement_id", "in", settlement.ids)]
        )
        card = self.env["ekarte.operation"].browse(lines[0].operation_id).card_id
        Line = self.env["ekarte.clearing.line"]
        self.assertEqual(
            {line.issuer_id.code: line.token for line in lines},
            {code: Line._token(code, card.id) for code in ("TGROCER", "TFUEL")},
        )
        self.assertEqual(len(set(lines.mapped("token"))), 2)
        self.assertNotIn(GIFT.value[-6:], " ".join(lines.mapped("token")))
