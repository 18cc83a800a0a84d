"""The cart as the ledger counts it: whole numbers, no database."""

from odoo.tests import BaseCase, tagged

from ..till_lines import (
    Malformed,
    TillLine,
    digest,
    net_goods,
    read_lines,
    spread,
    turned,
)


def line(gross, *taxes, uuid="line-0001", **more):
    return TillLine(
        uuid=uuid, product_id=1, qty="1.000", gross=gross, tax_ids=taxes, **more
    )


@tagged("post_install", "-at_install")
class TestTillLines(BaseCase):
    def test_a_sum_is_split_to_the_cent(self):
        self.assertEqual(spread(100, [1, 1, 1]), [34, 33, 33])
        self.assertEqual(spread(-100, [1, 1, 1]), [-34, -33, -33])
        self.assertEqual(spread(5, [0, 7, 0]), [0, 5, 0])
        self.assertEqual(spread(5, [0, 0]), [0, 0])
        for total in range(-50, 50):
            self.assertEqual(sum(spread(total, [3, 11, 7, 1])), total)

    def test_money_off_lowers_goods_of_its_own_taxes_first(self):
        goods = net_goods([line(1000, 1), line(1000, 2), line(-300, 2)])
        self.assertEqual([one.gross for one in goods], [1000, 700])

    def test_money_off_without_goods_of_its_taxes_lowers_all(self):
        goods = net_goods([line(1000, 1), line(3000, 2), line(-400)])
        self.assertEqual([one.gross for one in goods], [900, 2700])

    def test_more_off_than_goods_of_its_taxes_cost_goes_on_to_the_others(self):
        goods = net_goods([line(100, 1), line(1000, 2), line(-300, 1)])
        self.assertEqual([one.gross for one in goods], [800])

    def test_more_off_than_all_goods_cost_leaves_nothing(self):
        self.assertEqual(net_goods([line(100, 1), line(-300, 1)]), [])

    def test_loads_and_free_lines_are_no_goods(self):
        self.assertEqual(net_goods([line(500, role="load"), line(0)]), [])

    def test_goods_that_come_back_are_read_as_if_bought(self):
        (one,) = net_goods(turned([line(-500, 1), line(100, 1)]))
        self.assertEqual(one.gross, 400)

    def test_the_same_lines_have_the_same_digest_in_any_order(self):
        first, second = line(1, uuid="line-0001"), line(2, uuid="line-0002")
        self.assertEqual(digest([first, second]), digest([second, first]))
        self.assertNotEqual(digest([first]), digest([second]))

    def test_a_cart_is_read_and_what_is_no_cart_is_refused(self):
        row = {"uuid": "line-0001", "product_id": 7, "qty": "-2", "gross": -100}
        (read,) = read_lines([row])
        self.assertEqual((read.product_id, read.gross, read.tax_ids), (7, -100, ()))
        for wrong in (None, "lines", [None], [{**row, "qty": 2}], [{}]):
            with self.assertRaises(Malformed):
                read_lines(wrong)
