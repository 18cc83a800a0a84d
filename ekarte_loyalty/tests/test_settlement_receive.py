"""The door of the gateway: who may hand in settlements, and what is accepted once."""

import json
from unittest.mock import patch

from odoo.exceptions import AccessError, ConcurrencyError, ValidationError
from odoo.tests import HttpCase, tagged
from odoo.tests.common import new_test_user
from odoo.tools import mute_logger

from .settlement_common import SettlementCase

PATH = "/json/2/ekarte.settlement/receive"
GATEWAY = "ekarte_loyalty.group_gateway"
QUIET = ("odoo.http", "odoo.addons.ekarte_loyalty.models.ekarte_settlement")


@tagged("post_install", "-at_install")
class TestSettlementOverHttp(SettlementCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gateway = new_test_user(cls.env, "test.gateway", groups=GATEWAY)
        cls.key = cls._key(cls.gateway)

    @classmethod
    def _key(cls, user):
        keys = cls.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate("rpc", "test", False)

    def post(self, body, key=None):
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        data = body if isinstance(body, str) else json.dumps(body)
        with mute_logger(*QUIET):
            return self.url_open(PATH, data=data, headers=headers)

    def test_a_document_is_created_once_and_a_repeat_gets_the_same_answer(self):
        document = self.document(self.line("sale", amount=1000))
        first = self.post({"document": document}, self.key)
        again = self.post({"document": document}, self.key)
        self.assertEqual((first.status_code, again.status_code), (200, 200))
        self.assertEqual(first.json()["state"], "posted")
        self.assertEqual(len(first.json()["moves"]), 1)
        self.assertTrue(first.json()["created"])
        self.assertEqual(again.json(), {**first.json(), "created": False})
        settlement = self.settlements.browse(first.json()["id"])
        self.assertEqual(settlement.move_ids.mapped("name"), first.json()["moves"])

    def test_without_a_key_and_with_a_wrong_one_it_is_401(self):
        document = self.document(self.line("sale", amount=1000))
        self.assertEqual(self.post({"document": document}).status_code, 401)
        self.assertEqual(self.post({"document": document}, "0" * 40).status_code, 401)
        self.assertFalse(self.settlements.search([("ledger_id", "=", document["id"])]))

    def test_with_the_key_of_somebody_else_it_is_403(self):
        accountant = new_test_user(
            self.env,
            "test.other",
            groups="ekarte_loyalty.ekarte_loyalty_group_administrator",
        )
        document = self.document(self.line("sale", amount=1000))
        answer = self.post({"document": document}, self._key(accountant))
        self.assertEqual(answer.status_code, 403)
        self.assertFalse(self.settlements.search([("ledger_id", "=", document["id"])]))

    def test_the_gateway_can_do_nothing_else(self):
        for model in (
            "res.partner",
            "ekarte.settlement",
            "account.move",
            "ekarte.card",
        ):
            with mute_logger("odoo.http"):
                answer = self.url_open(
                    f"/json/2/{model}/search_read",
                    data=json.dumps({"domain": []}),
                    headers={
                        "Content-Type": "application/json",
                        "Authorization": f"Bearer {self.key}",
                    },
                )
            self.assertEqual(answer.status_code, 403, model)

    def test_malformed_documents_are_422_and_name_the_field(self):
        good = self.document(self.line("sale", amount=1000))
        line = good["lines"][0]
        malformed = {
            "amount": {**good, "lines": [{**line, "amount": "much"}]},
            "event": {**good, "lines": [{**line, "event": "gift_lost"}]},
            "day": {**good, "lines": [{**line, "day": "yesterday"}]},
            "cutoff": {k: v for k, v in good.items() if k != "cutoff"},
            "format": {**good, "format": 2},
            "created_at": {**good, "created_at": "2026-11-21T22:00:00"},
            "same number": {**good, "lines": [line, line]},
            "object": [good],
        }
        for name, document in malformed.items():
            with self.subTest(name):
                answer = self.post({"document": document}, self.key)
                self.assertEqual(answer.status_code, 422)
                self.assertIn(name, answer.json()["message"])
        self.assertEqual(self.post({}, self.key).status_code, 422)
        self.assertFalse(self.settlements.search([("ledger_id", "=", good["id"])]))

    def test_unknown_fields_are_refused_by_name(self):
        good = self.document(self.line("sale", amount=1000))
        line = {**good["lines"][0], "tendred": 1000}
        for document in ({**good, "lines": [line]}, {**good, "tendred": 1}):
            answer = self.post({"document": document}, self.key)
            self.assertEqual(answer.status_code, 422)
            self.assertIn("tendred", answer.json()["message"])

    def test_the_same_number_with_other_content_is_refused(self):
        document = self.document(self.line("sale", amount=1000))
        self.post({"document": document}, self.key)
        document["lines"][0]["amount"] = 2000
        answer = self.post({"document": document}, self.key)
        self.assertEqual(answer.status_code, 422)
        self.assertIn("other content", answer.json()["message"])
        settlement = self.settlements.search([("ledger_id", "=", document["id"])])
        self.assertEqual(settlement.line_ids.amount, 10.0)

    def test_a_document_that_cannot_be_posted_is_accepted_all_the_same(self):
        self.grocer.ekarte_rev_account_id = False
        document = self.document(self.line("sale", amount=1000))
        answer = self.post({"document": document}, self.key)
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(
            answer.json() | {"id": 0},
            {"id": 0, "created": True, "state": "waiting", "moves": []},
        )


@tagged("post_install", "-at_install")
class TestSettlementReceive(SettlementCase):
    def test_people_are_refused_and_the_gateway_is_allowed(self):
        document = self.document(self.line("sale", amount=1000))
        accountant = new_test_user(
            self.env,
            "test.accountant",
            groups="ekarte_loyalty.ekarte_loyalty_group_accountant",
        )
        gateway = new_test_user(self.env, "test.gateway", groups=GATEWAY)
        with self.assertRaises(AccessError):
            self.settlements.with_user(accountant).receive(document)
        answer = self.settlements.with_user(gateway).receive(document)
        self.assertEqual(answer["state"], "posted")

    def test_order_of_fields_is_not_content(self):
        document = self.document(self.line("sale", amount=1000))
        self.assertTrue(self.settlements._take(document)["created"])
        turned = dict(reversed(document.items()))
        self.assertFalse(self.settlements._take(turned)["created"])

    def test_two_at_once_make_odoo_try_again(self):
        document = self.document(self.line("sale", amount=1000))
        self.settlements._take(document)
        # As in a transaction whose snapshot does not show the rival's row yet.
        blind = patch.object(
            type(self.settlements), "search", return_value=self.settlements
        )
        with mute_logger("odoo.sql_db"), blind, self.assertRaises(ConcurrencyError):
            self.settlements._take(document)

    def test_other_content_is_refused_but_the_same_is_not(self):
        document = self.document(self.line("sale", amount=1000))
        self.settlements._take(document)
        self.assertFalse(self.settlements._take(document)["created"])
        with self.assertRaises(ValidationError):
            self.settlements._take({**document, "network_version": 2})

    def test_numbers_of_any_size_are_kept_exactly(self):
        settlement = self.take(self.line("sale", amount=999_999_999_999))
        self.assertEqual(settlement.state, "posted")
        self.assertEqual(self.booked(settlement, self.grocer, "BNK"), 999_999_999_999)
