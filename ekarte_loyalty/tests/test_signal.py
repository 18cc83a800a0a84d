"""Signals: what deserves a look is found once and judged by the own people."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ekarte_core import Original

from .common import CLUB_CARD, NOON, OTHER_CLUB_CARD, THIRD_CLUB_CARD, NetworkCase


@tagged("post_install", "-at_install")
class TestSignal(NetworkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.chief = cls._user("signal.chief", "issuer", cls.grocer_company)
        cls.helper = cls._user("signal.helper", "operator", cls.grocer_company)
        cls.stranger = cls._user("signal.stranger", "issuer", cls.fuel_company)
        cls.signals = cls.env["ekarte.signal"]

    def look(self):
        found = self.signals._look(self.grocer | self.fuel, NOON.date())
        return {(one.kind, one.card_id.last4 or False): one for one in found}

    def buy(self, card, times, minutes, first=0):
        for turn in range(times):
            self._send(self.grocer, "sale", card, 1_000, minutes=first + turn * minutes)

    def test_purchases_faster_than_anybody_shops_are_a_signal_and_slower_are_none(self):
        self.buy(CLUB_CARD, 5, 5)
        self.buy(OTHER_CLUB_CARD, 5, 20)
        found = self.look()
        self.assertEqual(set(found), {("fast", CLUB_CARD[-4:])})
        signal = found["fast", CLUB_CARD[-4:]]
        self.assertEqual((signal.found, signal.amount), (5, 50.0))

    def test_one_card_again_and_again_at_one_till_is_a_signal(self):
        self.buy(CLUB_CARD, 5, 61)
        self.assertFalse(self.look())
        self.buy(CLUB_CARD, 1, 61, first=400)
        self.assertEqual(set(self.look()), {("till_card", CLUB_CARD[-4:])})

    def test_refunds_of_one_card_on_one_day_are_a_signal(self):
        for turn in range(3):
            self.buy(THIRD_CLUB_CARD, 1, 0, first=turn * 90)
            sale = self.env["ekarte.operation"].search([], limit=1)
            original = Original(batch=sale.batch, operation=sale.number)
            self.assertFalse(self.look())
            self._send(
                self.grocer,
                *("refund", THIRD_CLUB_CARD, 1_000, turn * 90 + 1),
                original=original,
            )
        self.assertEqual(set(self.look()), {("refunds", THIRD_CLUB_CARD[-4:])})

    def test_two_branches_within_minutes_are_a_signal_and_within_an_hour_none(self):
        for card, minutes in ((CLUB_CARD, 4), (OTHER_CLUB_CARD, 60)):
            for branch, at in ((self.centre, 0), (self.suburb, minutes)):
                terminal = branch._sale_terminal_id()
                self._send(self.grocer, "sale", card, 500, at, terminal=terminal)
        self.assertEqual(set(self.look()), {("far", CLUB_CARD[-4:])})

    def test_unknown_cards_at_one_till_are_a_signal(self):
        for number in range(10):
            self._send(self.grocer, "sale", f"9989999{number:09}", 100)
        ((kind, _card),) = self.look()
        self.assertEqual(kind, "wrong")

    def test_a_signal_is_found_once_and_grows_until_it_is_judged(self):
        self.buy(CLUB_CARD, 5, 5)
        (signal,) = self.look().values()
        self.buy(CLUB_CARD, 1, 5, first=26)
        self.assertNotIn(("fast", CLUB_CARD[-4:]), self.look())
        self.assertEqual(signal.found, 6)
        signal.with_user(self.chief).action_explain()
        self.assertEqual((signal.state, signal.user_id), ("fine", self.chief))
        self.buy(CLUB_CARD, 1, 5, first=28)
        self.look()
        self.assertEqual((signal.state, signal.found), ("fine", 6))

    def test_an_issuer_has_own_limits_and_may_want_none(self):
        rule = self.env["ekarte.signal.rule"].create(
            {"issuer_id": self.grocer.id, "kind": "fast", "at_least": 3}
        )
        self.buy(CLUB_CARD, 3, 5)
        rule.at_least = 0
        self.assertFalse(self.look())
        rule.at_least = 3
        self.assertTrue(self.look())

    def test_its_list_opens_what_it_counts(self):
        self.buy(CLUB_CARD, 5, 5)
        (signal,) = self.look().values()
        domain = signal.with_user(self.chief).action_open_operations()["domain"]
        found = self.env["ekarte.operation"].with_user(self.chief).search(domain)
        self.assertEqual(len(found), 5)

    def test_the_sellers_chief_sees_signals_and_neither_cashiers_nor_others_do(self):
        self.buy(CLUB_CARD, 5, 5)
        (signal,) = self.look().values()
        self.assertEqual(self.signals.with_user(self.chief).search([]), signal)
        signal.with_user(self.chief).note = "Wedding"
        with self.assertRaises(AccessError):
            signal.with_user(self.chief).found = 1
        with self.assertRaises(AccessError):
            self.signals.with_user(self.helper).search([])
        self.assertFalse(self.signals.with_user(self.stranger).search([]))
        with self.assertRaises(AccessError):
            signal.with_user(self.stranger).action_explain()
