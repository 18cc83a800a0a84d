"""What a browser claims and the server does not believe: each lie beside the truth."""

from uuid import uuid4

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .till_common import CLUB, GIFT, OTHER_GIFT, Cart, TillCase


@tagged("post_install", "-at_install")
class TestTillForged(TillCase):
    def setUp(self):
        super().setUp()
        self.load_gift(GIFT, 10000)

    def refused(self, cart, sentence, **more):
        """The order is refused, and nothing of it stays."""
        before = self.balance(GIFT)
        with self.assertRaisesRegex(UserError, sentence), self.env.cr.savepoint():
            cart.send(**more)
        self.assertFalse(cart.order)
        self.assertEqual(self.balance(GIFT), before)

    def paid_by_card(self, minor=1500):
        cart = self.cart((self.soap, 4))
        cart.identify(GIFT)
        cart.hold({"gift": minor})
        return cart

    # Discounts

    def test_a_price_changed_after_the_quote(self):
        cart = self.cart((self.soap, 4))
        cart.identify(CLUB)
        cart.goods[0]["price"] = 3.0
        self.refused(cart, "cart has changed")
        cart.quote()
        self.assertEqual(cart.send().amount_total, 11.4)

    def test_goods_taken_off_after_the_quote(self):
        cart = self.cart((self.soap, 4), (self.bread, 1))
        cart.identify(CLUB)
        del cart.goods[0]
        self.refused(cart, "cart has changed")

    def test_goods_exchanged_for_others_of_the_same_price(self):
        cart = self.cart((self.soap, 2), (self.bread, 5))
        cart.identify(CLUB)
        first, second = cart.goods
        first["product"], second["product"] = second["product"], first["product"]
        self.refused(cart, "cart has changed")

    def test_a_discount_line_without_a_card(self):
        cart = self.cart((self.soap, 4))
        cart.identify(CLUB)
        other = self.cart((self.soap, 4))
        other.own = cart.own
        self.refused(other, "no card")

    def test_a_discount_higher_than_the_card_gives(self):
        cart = self.cart((self.soap, 4))
        cart.identify(CLUB)
        (line,) = cart.own
        line.update(price_unit=line["price_unit"] * 2, minor=line["minor"] * 2)
        line["extra_tax_data"] = {}
        self.refused(cart, "not what the card approved")

    def test_a_discount_given_twice(self):
        cart = self.cart((self.soap, 4))
        cart.identify(CLUB)
        cart.own = cart.own * 2
        self.refused(cart, "not what the card approved")

    def test_a_discount_with_another_tax(self):
        cart = self.cart((self.soap, 4))
        cart.identify(CLUB)
        cart.own[0].update(tax_ids=self.tax12.ids, extra_tax_data={})
        self.refused(cart, "not what the card approved")

    def test_a_discount_called_a_bonus(self):
        cart = self.cart((self.soap, 4))
        cart.identify(CLUB)
        cart.own[0]["role"] = "reduction"
        self.refused(cart, "not what the card approved")

    def test_goods_called_a_discount(self):
        cart = self.cart((self.soap, 4))
        cart.identify(CLUB)
        cart.goods[0]["role"] = "discount"
        self.refused(cart, "cart has changed")

    def test_tax_data_that_say_another_sum(self):
        cart = self.cart((self.soap, 4))
        cart.identify(CLUB)
        extra = cart.own[0]["extra_tax_data"]
        extra["manual_total_excluded_currency"] = -15.0
        self.refused(cart, "total is not what its lines cost")

    # Payments

    def test_a_payment_that_nobody_approved(self):
        cart = self.cart((self.soap, 4))
        cart.pay_by_card(2000)
        self.refused(cart, "not what the card approved")

    def test_a_payment_above_what_is_held(self):
        cart = self.paid_by_card()
        cart.payments[0] = (cart.payments[0][0], 2000, cart.payments[0][2])
        self.refused(cart, "not what the card approved")

    def test_a_payment_below_what_is_held(self):
        cart = self.paid_by_card()
        cart.payments[0] = (cart.payments[0][0], 100, cart.payments[0][2])
        self.refused(cart, "not what the card approved")

    def test_a_negative_payment(self):
        cart = self.cart((self.soap, 4))
        cart.pay_by_card(-1000)
        self.refused(cart, "not what the card approved")

    def test_the_hold_of_another_order(self):
        held = self.paid_by_card()
        cart = self.cart((self.soap, 4))
        cart.payments = held.payments
        self.refused(cart, "not what the card approved")
        self.assertEqual(held.send().state, "paid")

    def test_the_hold_of_another_order_for_a_card_of_this(self):
        held = self.paid_by_card()
        cart = self.cart((self.soap, 4))
        cart.identify(CLUB)
        with self.assertRaisesRegex(UserError, "another card"):
            cart.hold({}, held.payments[0][2])

    def test_the_hold_of_another_tills_order(self):
        other = self._make_till("Till two", self.suburb)
        self._open(other)
        held = Cart(self, other, [(self.soap, 4)])
        held.identify(GIFT)
        held.hold({"gift": 1500})
        cart = self.cart((self.soap, 4))
        cart.payments = held.payments
        self.refused(cart, "not what the card approved")

    def test_value_of_a_card_is_not_to_be_had_in_cash(self):
        cart = self.cart((self.bread, 1))
        held = cart.hold({}, card=self.scan(GIFT), amount=9000)
        self.assertTrue(held["held"])
        self.refused(cart, "more than the goods cost")

    def test_change_of_a_card_payment_is_not_given(self):
        cart = self.cart((self.bread, 1))
        cart.hold({}, card=self.scan(GIFT), amount=9000)
        cart.extra = {"amount_return": -88.0}
        self.refused(cart, "more than the goods cost", cash=False)

    def test_a_payment_taken_off_again_gives_its_hold_back(self):
        cart = self.paid_by_card()
        cart.payments = []
        self.assertEqual(cart.send().state, "paid")
        self.assertEqual(self.balance(GIFT), 10000)

    # The same thing twice

    def test_an_order_that_comes_twice_is_booked_once(self):
        cart = self.paid_by_card()
        data = cart.data()
        orders = self.env["pos.order"].with_user(self.cashier)
        orders.sync_from_ui([{**data}])
        self.assertEqual(self.balance(GIFT), 8500)
        orders.sync_from_ui([cart.data()])
        self.assertEqual((self.balance(GIFT), len(cart.rows)), (8500, 1))

    def test_a_hold_asked_for_twice_holds_once(self):
        cart = self.cart((self.soap, 4))
        cart.identify(GIFT)
        payment = str(uuid4())
        first = cart.hold({"gift": 1500}, payment)
        again = cart.till.ekarte_hold(cart.uuid, payment, cart.lines(), {"gift": 1500})
        self.assertEqual(first["auth_code"], again["auth_code"])
        self.assertEqual(self.balance(GIFT), 8500)

    def test_another_hold_of_the_order_takes_the_place_of_the_first(self):
        cart = self.paid_by_card(1500)
        cart.payments = []
        cart.hold({"gift": 400})
        self.assertEqual(self.balance(GIFT), 9600)

    # Past the till: plain calls of a cashier

    def test_a_draft_with_a_card_payment_is_not_paid_by_writing_so(self):
        cart = self.cart((self.soap, 4))
        cart.pay_by_card(2000)
        cart.send("draft")
        order = cart.order.with_user(self.cashier)
        with self.assertRaisesRegex(UserError, "ledger booked"):
            order.write({"state": "paid"})

    def test_a_draft_with_a_held_payment_is_paid_the_usual_way(self):
        cart = self.paid_by_card()
        cart.send("draft")
        self.assertEqual((cart.order.state, cart.rows.state), ("draft", "held"))
        with self.assertRaisesRegex(UserError, "ledger booked"):
            cart.order.with_user(self.cashier).write({"state": "paid"})
        self.assertEqual(cart.rows.state, "held")
        self.assertEqual(cart.send().state, "paid")

    def test_a_paid_order_is_not_made_by_hand(self):
        cart = self.cart((self.soap, 4))
        cart.pay_by_card(2000)
        orders = self.env["pos.order"].with_user(self.cashier)
        data = {**cart.data(), "config_id": self.config.id}
        with self.assertRaisesRegex(UserError, "ledger booked"):
            orders.create(data)

    def test_a_stored_orders_card_payments_stay_as_they_are(self):
        cart = self.paid_by_card()
        order = cart.send()
        payment = order.payment_ids.filtered(lambda one: one.amount == 15)
        payment = payment.with_user(self.cashier)
        method = payment.payment_method_id.id
        with self.assertRaisesRegex(UserError, "ledger booked"):
            payment.write({"amount": 20})
        with self.assertRaisesRegex(UserError, "ledger booked"):
            payment.unlink()
        with self.assertRaisesRegex(UserError, "ledger booked"):
            self.env["pos.payment"].with_user(self.cashier).create(
                {"pos_order_id": order.id, "amount": 5, "payment_method_id": method}
            )

    def test_cashiers_do_not_write_the_servers_rows(self):
        cart = self.paid_by_card()
        for records, values in (
            (cart.rows, {"card_payment": 9999}),
            (cart.rows, {"state": "booked"}),
        ):
            with self.assertRaises(AccessError):
                records.with_user(self.cashier).write(values)
        with self.assertRaises(AccessError):
            self.env["ekarte.checkout"].with_user(self.cashier).create(
                {"order_uuid": "x", "config_id": self.config.id, "card_id": 1}
            )
        with self.assertRaises(AccessError):
            cart.rows.with_user(self.cashier).unlink()

    # Cards and tills

    def test_a_card_is_not_to_be_named_by_its_id(self):
        cart = self.paid_by_card()
        other = self.cart((self.soap, 4))
        card = cart.rows.card_id.id
        for identifier in (
            {"card_id": card},
            {"card_id": card, "partner_id": self.cashier.partner_id.id},
        ):
            with self.assertRaises(AccessError):
                other.identify(identifier)

    def test_a_card_is_named_by_its_holder(self):
        cart = self.paid_by_card()
        partner = self.env["res.partner"].create({"name": "Anna"})
        self.env["ekarte.holder"]._give(cart.rows.card_id.id, self.grocer, partner)
        other = self.cart((self.soap, 4))
        quote = other.identify({"partner_id": partner.id})
        self.assertEqual((quote["rc"], quote["card"]["holder"]), ("00", "Anna"))
        again = self.cart((self.soap, 4))
        quote = again.identify(
            {"card_id": cart.rows.card_id.id, "partner_id": partner.id}
        )
        self.assertEqual(quote["card"]["anonymous"], False)

    def test_of_several_cards_one_is_chosen(self):
        partner = self.env["res.partner"].create({"name": "Anna"})
        for number in (GIFT, OTHER_GIFT):
            self.load_gift(number, 600) if number == OTHER_GIFT else None
            cart = self.cart((self.soap, 1))
            cart.identify(number)
            self.env["ekarte.holder"]._give(cart.rows.card_id.id, self.grocer, partner)
        cart = self.cart((self.soap, 1))
        asked = cart.identify({"partner_id": partner.id})
        self.assertEqual((asked["rc"], len(asked["choices"])), ("choose", 2))
        self.assertFalse(cart.rows)
        chosen = {
            "partner_id": partner.id,
            "card_id": asked["choices"][0]["card_id"],
        }
        self.assertEqual(cart.identify(chosen)["rc"], "00")

    def test_a_stored_order_takes_no_card_any_more(self):
        cart = self.cart((self.soap, 4))
        cart.send()
        with self.assertRaisesRegex(UserError, "stored already"):
            cart.identify(GIFT)

    def test_a_till_without_a_branch_has_no_doors(self):
        self.session.state = "closed"
        self.config.ekarte_branch_id = False
        with self.assertRaisesRegex(UserError, "no E-karte branch"):
            self.cart((self.soap, 1)).identify(GIFT)

    def test_a_closed_till_has_no_doors(self):
        self.session.state = "closed"
        with self.assertRaisesRegex(UserError, "Open the till"):
            self.cart((self.soap, 1)).identify(GIFT)

    def test_who_is_no_cashier_finds_no_doors(self):
        user = new_test_user(
            self.env,
            login="t.nobody",
            groups="base.group_user",
            company_id=self.grocer_company.id,
            company_ids=[Command.set(self.grocer_company.ids)],
        )
        cart = self.cart((self.soap, 1))
        with self.assertRaises(AccessError):
            self.config.with_user(user).ekarte_identify(
                cart.uuid, self.scan(GIFT), cart.lines()
            )

    def test_a_cashier_does_not_set_how_the_till_takes_cards(self):
        self.session.state = "closed"
        for values in ({"ekarte_hold_minutes": 1}, {"ekarte_branch_id": False}):
            with self.assertRaises(AccessError):
                self.till.write(values)
        self.config.ekarte_hold_minutes = 30
        self.env.cr.flush()
        part = self.network._live_parts("terminals")[self.config._ekarte_terminal()]
        self.assertEqual((part["hold_s"], part["protocol"]), (1800, "odoo"))

    def test_what_no_till_sends_is_refused_by_its_name(self):
        till = self.till
        cart = self.cart((self.soap, 1))
        (line,) = cart.lines()
        scan = self.scan(GIFT)
        long = "x" * 81
        for field, args in (
            ("order_uuid", ("'; --", scan, [line])),
            ("lines", (cart.uuid, scan, "all")),
            ("lines", (cart.uuid, scan, [line] * 201)),
            (r"lines\[0\]\.gross", (cart.uuid, scan, [{**line, "gross": 1.5}])),
            (r"lines\[0\]\.gross", (cart.uuid, scan, [{**line, "gross": 10**12}])),
            (r"lines\[0\]\.gross", (cart.uuid, scan, [{**line, "gross": True}])),
            (r"lines\[0\]\.qty", (cart.uuid, scan, [{**line, "qty": "1e9"}])),
            (r"lines\[0\]\.role", (cart.uuid, scan, [{**line, "role": "free"}])),
            (r"lines\[0\]\.uuid", (cart.uuid, scan, [{**line, "uuid": None}])),
            (r"lines\.uuid", (cart.uuid, scan, [line, line])),
            (r"lines\[0\]\.tax_ids", (cart.uuid, scan, [{**line, "tax_ids": ["1"]}])),
            ("identifier", (cart.uuid, GIFT, [line])),
            (r"identifier\.kind", (cart.uuid, {"kind": "ledger", "value": "1"}, [])),
            (r"identifier\.value", (cart.uuid, {**scan, "value": long}, [])),
            (r"identifier\.card_id", (cart.uuid, {"card_id": "1"}, [])),
        ):
            with self.assertRaisesRegex(UserError, f"^{field} is not"):
                till.ekarte_identify(*args)
        cart.identify(GIFT)
        payment = str(uuid4())
        for field, args in (
            ("payment_uuid", (cart.uuid, "", [line], {})),
            ("tender", (cart.uuid, payment, [line], {"cash": 1})),
            (r"tender\.gift", (cart.uuid, payment, [line], {"gift": -1})),
            (r"tender\.gift", (cart.uuid, payment, [line], {"gift": "1"})),
            (r"tender\.voucher", (cart.uuid, payment, [line], {"voucher": 7})),
            ("access_code", (cart.uuid, payment, [line], {}, "12a4")),
            ("amount", (cart.uuid, payment, [line], {}, None, scan, 0)),
        ):
            with self.assertRaisesRegex(UserError, f"^{field} is not"):
                till.ekarte_hold(*args)

    def test_no_card_number_is_kept_or_logged(self):
        with self.assertLogs("odoo", level="DEBUG") as logs:
            cart = self.paid_by_card()
            cart.send()
        self.env.flush_all()
        self.assertNotIn(GIFT, "\n".join(logs.output))
        self.assertNotIn(GIFT, str(cart.rows.read()) + str(cart.order.read()))
