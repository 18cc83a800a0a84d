import io
import logging
from datetime import timedelta

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import (
    AccessError,
    ConcurrencyError,
    UserError,
    ValidationError,
)
from odoo.sql_db import db_connect
from odoo.tests import tagged
from odoo.tools.pdf import PdfFileReader

from ..card_numbers import check_digit, numbers, size_of
from ..spreadsheet import read_table
from .common import NetworkCase

TURN = """
SELECT pg_try_advisory_xact_lock(hashtextextended('ekarte.card.batch', 0))
"""
FORGOTTEN = (
    """
    DELETE FROM ekarte_card_batch
    WHERE card_type_id IN (SELECT id FROM ekarte_card_type WHERE code = 'T-ELSE')
    """,
    "DELETE FROM ekarte_card_type WHERE code = 'T-ELSE'",
    "DELETE FROM ekarte_issuer WHERE code = 'TELSE'",
)


@tagged("post_install", "-at_install")
class TestCardBatch(NetworkCase):
    """Batches of new cards: numbered, exported once or more, and who has them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sealed = cls._card_type(
            "T-SEAL", cls.grocer, cls.gift, "9980007", access_code="optional"
        )
        cls.chief = cls._user("t.chief", "issuer", cls.grocer_company)
        cls.stranger = cls._user("t.fuel.chief", "issuer", cls.fuel_company)

    def _batch(self, card_type=None, user=None, **values):
        card_type = card_type or self.gift_type
        batches = self.env["ekarte.card.batch"].with_user(user or self.chief)
        return batches.create(
            {
                "card_type_id": card_type.id,
                "range_id": card_type.range_ids[:1].id,
                "count": 3,
                **values,
            }
        )

    def _exported(self, batch, form="csv"):
        url = getattr(batch, f"action_export_{form}")()["url"]
        self.assertTrue(url.startswith(f"/ekarte/card-batch/{batch.id}/{form}?ticket="))
        return batch._export(form, url.partition("ticket=")[2])

    def test_numbers_have_their_check_digits_and_follow_each_other(self):
        self.assertEqual(check_digit("998000100000001", "luhn"), "1")
        self.assertEqual(check_digit("400638133393", "ean13"), "1")
        self.assertEqual(
            list(numbers("9980002000000000", "luhn", 0, 2)),
            ["9980002000000001", "9980002000000019"],
        )
        self.assertEqual(list(numbers("0098", "none", 1, 3)), ["0099", "0100", "0101"])
        self.assertEqual(size_of("10", "29", "luhn"), 2)
        self.assertEqual((size_of("10", "2", "luhn"), size_of("", "", "luhn")), (0, 0))

    def test_batches_take_one_number_after_the_other(self):
        first, second = self._batch(), self._batch()
        (first | second).action_number()
        self.assertEqual((first.start, second.start), (0, 3))
        cards = [row.cells[0] for row in read_table(self._exported(second))]
        self.assertEqual(
            cards,
            ["number", "9980002000000035", "9980002000000043", "9980002000000050"],
        )
        self._exported(second)
        self.assertEqual(second.export_ids.user_id, self.chief)
        self.assertEqual(len(second.export_ids), 2)
        with self.assertRaisesRegex(UserError, "stay so"):
            second.unlink()
        with self.assertRaisesRegex(UserError, "Only a draft"):
            second.count = 4

    def _printed(self, batch):
        rows = [row.cells for row in read_table(self._exported(batch))]
        return {cells[0] for cells in rows[1:]}

    def test_a_range_that_numbers_were_given_out_of_stays_where_it_is(self):
        batch = self._batch()
        span = batch.range_id
        span.write({"number_from": "9980002000000100"})
        span.write({"number_from": "9980002000000000"})
        batch.action_number()
        printed = self._printed(batch)
        for change, why in (
            ({"number_from": "9980001000000000"}, "another range"),
            ({"number_from": False}, "another range"),
            ({"check_digit": "none"}, "another range"),
            ({"kind": "bank"}, "another range"),
            ({"card_type_id": self.sealed.id}, "another range"),
            ({"number_to": "9980002000000018"}, "9980002000000027"),
            ({"number_to": False}, "9980002000000027"),
        ):
            with self.subTest(change), self.assertRaisesRegex(UserError, why):
                span.write(change)
        with self.assertRaisesRegex(UserError, "another range"):
            self.gift_type.with_user(self.chief).write(
                {"range_ids": [Command.update(span.id, {"number_from": "1"})]}
            )
        self.assertEqual(self._printed(batch), printed)

    def test_what_no_number_depends_on_may_change_and_the_range_may_grow(self):
        batch = self._batch()
        batch.action_number()
        span = batch.range_id.with_user(self.chief)
        span.write({"number_from": span.number_from, "check_digit": "luhn"})
        span.number_to = "9980002000000027"
        with self.assertRaisesRegex(UserError, "0 numbers left"):
            self._batch(count=1).action_number()
        span.number_to = "9980002999999999"
        more = self._batch()
        more.action_number()
        self.assertFalse(self._printed(batch) & self._printed(more))

    def test_ranges_that_overlap_give_out_each_number_once(self):
        first = self._batch()
        first.action_number()
        beside = self._card_type("T-GIF2", self.grocer, self.gift, "9980002")
        fuels = self._card_type("T-FGIF", self.fuel, self.fuel_bonus, "9980002")
        wide = self.env["ekarte.card.range"].create(
            {
                "card_type_id": self.gift_type.id,
                "number_from": "9980001999999980",
                "number_to": "9980002000009999",
            }
        )
        batches = [
            first,
            self._batch(beside),
            self._batch(range_id=wide.id),
            self._batch(fuels, user=self.stranger),
            self._batch(),
        ]
        cards = []
        for batch in batches:
            batch.action_number()
            cards += self._printed(batch)
        self.assertEqual(len(cards), 15)
        self.assertEqual(len(set(cards)), 15)

    # Somebody else at the same instant

    def _stranger(self):
        cursor = db_connect(self.env.cr.dbname).cursor()
        self.addCleanup(cursor.close)
        return cursor

    def _number_elsewhere(self, cursor):
        """Number a batch of another issuer, on another connection."""
        env = api.Environment(cursor, SUPERUSER_ID, {"tracking_disable": True})
        company = env.ref("base.main_company")
        issuer = env["ekarte.issuer"].create(
            {"code": "TELSE", "company_id": company.id}
        )
        values = {"number_from": "9980002000000000", "number_to": "9980002999999999"}
        kind = env["ekarte.card.type"].create(
            {
                "code": "T-ELSE",
                "name": "Elsewhere",
                "issuer_id": issuer.id,
                "range_ids": [Command.create(values)],
            }
        )
        batch = env["ekarte.card.batch"].create(
            {"card_type_id": kind.id, "range_id": kind.range_ids.id, "count": 3}
        )
        batch.write({"state": "ready"})
        env.flush_all()
        # The network of other tests stays as it is.
        cursor.precommit.clear()
        self.addCleanup(self._forget_elsewhere)
        cursor.commit()

    def _forget_elsewhere(self):
        cursor = self._stranger()
        for statement in FORGOTTEN:
            cursor.execute(statement)
        cursor.commit()

    def test_one_at_a_time_numbers_cards_whatever_the_range(self):
        first, beside = self._batch(), self._batch(self.sealed)
        rival = self._stranger()
        rival.execute(TURN)
        self.assertEqual(rival.fetchall(), [(True,)])
        rival.rollback()
        (first | beside).action_number()
        rival.execute(TURN)
        self.assertEqual(rival.fetchall(), [(False,)])

    def test_what_was_numbered_meanwhile_makes_odoo_try_again(self):
        batch = self._batch()
        self._number_elsewhere(self._stranger())
        with self.assertRaises(ConcurrencyError):
            batch.action_number()
        span = batch.range_id.with_user(self.chief)
        with self.assertRaises(ConcurrencyError):
            span.number_from = "9980002000000100"
        self._forget_elsewhere()
        batch.action_number()
        self.assertEqual((batch.start, batch.state), (0, "ready"))

    def test_a_range_beside_begins_with_its_own_first_number(self):
        self._batch().action_number()
        other = self._batch(self.sealed)
        other.action_number()
        self.assertEqual(other.start, 0)

    def test_a_pdf_has_a_face_for_each_card(self):
        batch = self._batch(count=11)
        batch.action_number()
        content = self._exported(batch, "pdf")
        self.assertEqual(len(PdfFileReader(io.BytesIO(content)).pages), 2)

    def test_access_codes_are_exported_once_and_open_the_cards(self):
        batch = self._batch(self.sealed, with_codes=True)
        batch.action_number()
        with self.assertLogs("odoo.sql_db", level=logging.DEBUG) as logs:
            rows = [row.cells for row in read_table(self._exported(batch))][1:]
            self.env.flush_all()
        for number, code in rows:
            answer = self._send(self.grocer, "inquire", number, access_code=code)
            self.assertEqual(answer.rc, "00")
            self.assertNotIn(number, "\n".join(logs.output))
        self.assertEqual(
            self._send(self.grocer, "inquire", rows[0][0], access_code="0000").rc, "55"
        )
        with self.assertRaisesRegex(UserError, "kept nowhere"):
            batch.action_export_csv()

    def test_a_number_in_use_already_stops_the_export_and_opens_no_card(self):
        batch = self._batch(self.sealed, with_codes=True)
        batch.action_number()
        taken = next(numbers("9980007000000000", "luhn", 1, 1))
        self.assertEqual(self._send(self.grocer, "activate", taken).rc, "00")
        with self.assertRaisesRegex(UserError, "in use already"):
            self._exported(batch)

    def test_a_link_alone_exports_nothing(self):
        batch = self._batch()
        with self.assertRaisesRegex(UserError, "Number the cards"):
            batch.action_export_csv()
        batch.action_number()
        self.assertIsNone(batch._export("csv", ""))
        ticket = batch.action_export_csv()["url"].partition("ticket=")[2]
        self.assertIsNone(batch._export("csv", "x" + ticket))
        self.assertTrue(batch._export("csv", ticket))
        self.assertIsNone(batch._export("csv", ticket))
        late = batch.action_export_csv()["url"].partition("ticket=")[2]
        batch.sudo().ticket_until -= timedelta(hours=1)
        self.assertIsNone(batch._export("csv", late))

    def test_what_makes_no_batch_is_refused(self):
        for values, why in (
            ({"count": 0}, "1 to"),
            ({"count": 10_001}, "1 to"),
            ({"range_id": self.club.range_ids.id}, "range of digits"),
            ({"with_codes": True}, "never asked"),
        ):
            with self.assertRaisesRegex(ValidationError, why):
                self._batch(**values)
        short = self._card_type("T-SHRT", self.grocer, self.gift, "9980008")
        short.range_ids.write({"number_from": "99800081", "number_to": "99800089"})
        with self.assertRaisesRegex(UserError, "1 numbers left"):
            self._batch(short, count=2).action_number()
        self._batch(short, count=1).action_number()

    def test_a_stranger_sees_no_batch_and_an_operator_makes_none(self):
        batch = self._batch()
        theirs = self.env["ekarte.card.batch"].with_user(self.stranger)
        self.assertFalse(theirs.browse(batch.id).has_access("read"))
        operator = self._user("t.operator", "operator", self.grocer_company)
        with self.assertRaises(AccessError):
            self._batch(user=operator)
        with self.assertRaises(AccessError):
            batch.write({"state": "ready"})
        self.assertTrue(batch.has_access("read"))
