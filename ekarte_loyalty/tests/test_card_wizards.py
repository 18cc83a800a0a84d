import logging
import os
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ekarte_core import CardRef, NetworkMissing, write_new_keyring

from .common import (
    CLUB_CARD,
    FUEL_CARD,
    OTHER_CLUB_CARD,
    THIRD_CLUB_CARD,
    NetworkCase,
)

DESK = "odoo.addons.ekarte_loyalty.models.ekarte_desk"


@tagged("post_install", "-at_install")
class TestCardWizards(NetworkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._trade()
        cls.operator = cls._user("t.operator", "operator", cls.grocer_company)
        cls.accountant = cls._user("t.accountant", "accountant", cls.grocer_company)

    def _find(self, number, user=None, **values):
        finder = self.env["ekarte.card.find"].with_user(user or self.operator)
        return finder.create({"number": number, **values})

    def _found(self, number, user=None, **values):
        action = self._find(number, user, **values).action_find()
        return (
            self.env["ekarte.card"]
            .with_user(user or self.operator)
            .browse(action["res_id"])
        )

    def _change(self, card, command, user=None, reason="lost, by phone", **values):
        change = self.env["ekarte.card.change"].with_user(user or self.operator)
        wizard = change.create(
            {"card_id": card.id, "command": command, "reason": reason, **values}
        )
        return wizard.action_change()["params"]

    # Finding

    def test_an_operator_finds_a_card_by_its_number(self):
        card = self._found(CLUB_CARD)
        self.assertEqual(card.number, "998000******0011")

    def test_a_read_track_and_spaces_find_the_same_card(self):
        self.assertEqual(
            self._found(f";{CLUB_CARD}=29121010000?"), self._found(CLUB_CARD)
        )
        self.assertEqual(self._found("9980 0010 0000 0011"), self._found(CLUB_CARD))

    def test_an_unknown_number_is_refused(self):
        with self.assertRaisesRegex(UserError, "No card with this number"):
            self._found(OTHER_CLUB_CARD)
        with self.assertRaisesRegex(UserError, "No card with this number"):
            self._found("what?")

    def test_another_issuers_card_is_as_unknown_as_none(self):
        with self.assertRaisesRegex(UserError, "No card with this number"):
            self._found(FUEL_CARD)

    def test_the_same_number_of_another_kind_is_another_card(self):
        with self.assertRaises(UserError):
            self._found(CLUB_CARD, kind="phone")

    def test_a_second_try_in_the_same_dialog_works(self):
        finder = self._find(OTHER_CLUB_CARD)
        self.assertFalse(finder.card_id)
        finder.write({"number": CLUB_CARD})
        self.assertTrue(finder.card_id)
        with Form(self.env["ekarte.card.find"].with_user(self.operator)) as form:
            form.number = CLUB_CARD
        self.assertTrue(form.record.card_id)

    def test_the_number_is_written_nowhere(self):
        with self.assertLogs("odoo.sql_db", level=logging.DEBUG) as logs:
            finder = self._find(CLUB_CARD)
            finder.flush_recordset()
        self.assertNotIn(CLUB_CARD, "\n".join(logs.output))
        self.assertFalse(finder.number)
        self.env.cr.execute(
            "SELECT to_jsonb(f)::text FROM ekarte_card_find AS f WHERE id = %s",
            [finder.id],
        )
        self.assertNotIn(CLUB_CARD, self.env.cr.fetchone()[0])

    def test_accountants_do_not_search_for_cards(self):
        with self.assertRaises(AccessError):
            self._find(CLUB_CARD, self.accountant)

    def test_a_server_without_keyring_says_so(self):
        with (
            patch.dict(os.environ, {"EKARTE_KEYRING": ""}),
            self.assertRaisesRegex(UserError, "EKARTE_KEYRING"),
        ):
            self._find(CLUB_CARD)
        with (
            patch.dict(os.environ, {"EKARTE_KEYRING": "/nowhere/at/all"}),
            self.assertRaisesRegex(UserError, "cannot be used"),
        ):
            self._find(CLUB_CARD)

    def test_a_keyring_that_cannot_find_the_ledgers_cards_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "keyring"
            write_new_keyring(path)
            path.write_text(path.read_text().replace("card_token 1", "card_token 9"))
            with (
                patch.dict(os.environ, {"EKARTE_KEYRING": str(path)}),
                self.assertRaisesRegex(UserError, "lacks keys in use"),
            ):
                self._find(CLUB_CARD)
        self.assertTrue(self._find(CLUB_CARD).card_id)

    # Blocking

    def test_a_blocked_card_is_refused_and_an_unblocked_one_accepted(self):
        card = self._found(CLUB_CARD)
        self.assertEqual(self._change(card, "block")["type"], "success")
        self.assertEqual(card.state, "blocked")
        self.assertEqual(self._send(self.grocer, "sale", CLUB_CARD, 500).rc, "62")
        self.assertEqual(self._change(card, "unblock")["type"], "success")
        self.assertEqual(card.state, "active")
        self.assertEqual(self._send(self.grocer, "sale", CLUB_CARD, 500).rc, "00")

    def test_a_card_blocked_for_good_is_never_accepted_again(self):
        for number, why, rc in (
            (CLUB_CARD, "lost", "41"),
            (OTHER_CLUB_CARD, "stolen", "43"),
            (THIRD_CLUB_CARD, "closed", "54"),
        ):
            self._send(self.grocer, "sale", number, 500)
            card = self._found(number)
            with self.subTest(why=why):
                self.assertEqual(
                    self._change(card, "block", why=why)["type"], "success"
                )
                self.assertEqual(card.state, why)
                self.assertEqual(self._send(self.grocer, "sale", number, 500).rc, rc)
                self.assertEqual(self._change(card, "unblock")["type"], "danger")

    # Replacing and pooling

    def test_a_new_card_takes_over_what_the_old_one_holds(self):
        card = self._found(CLUB_CARD)
        self._send(self.grocer, "sale", OTHER_CLUB_CARD, 500)
        done = self._change(card, "replace", other_number=OTHER_CLUB_CARD)
        self.assertEqual(done["type"], "success", done["message"])
        new = self._found(OTHER_CLUB_CARD)
        self.assertEqual((card.state, new.state), ("replaced", "active"))
        self.assertEqual(new.account_id, card)
        points = new.purse_ids.filtered(lambda purse: purse.measure == "points")
        # 16.62 gave 3 points, 5.00 less 5 % none.
        self.assertEqual(points.points, 3)
        self.assertEqual(new.sharing_ids, card | new)
        operation = self.env["ekarte.operation"].search([("command", "=", "replace")])
        self.assertEqual(operation.other_card_id, new)
        self.assertEqual(self._send(self.grocer, "sale", OTHER_CLUB_CARD, 500).rc, "00")

    def test_a_number_that_is_no_card_replaces_nothing_here(self):
        card = self._found(CLUB_CARD)
        with self.assertRaisesRegex(UserError, "No card with this number"):
            self._change(card, "replace", other_number=OTHER_CLUB_CARD)
        self.assertEqual(card.state, "active")

    def test_cards_are_pooled_only_where_their_type_allows_it(self):
        card = self._found(CLUB_CARD)
        self._send(self.grocer, "sale", OTHER_CLUB_CARD, 2000)
        other = self._found(OTHER_CLUB_CARD)
        refused = self._change(other, "pool", other_number=CLUB_CARD)
        self.assertEqual(refused["type"], "danger")
        self.assertFalse(card.may_pool)
        self.club.may_pool = True
        self.env.cr.flush()
        self.assertTrue(card.may_pool)
        joined = self._change(other, "pool", other_number=CLUB_CARD)
        self.assertEqual(joined["type"], "success", joined["message"])
        self.assertEqual(other.account_id, card)
        self.assertEqual(other.purse_ids, card.purse_ids)
        left = self._change(other, "leave")
        self.assertEqual(left["type"], "success", left["message"])
        self.assertEqual(other.account_id, other)
        self.assertFalse(sum(other.purse_ids.mapped("points")))

    def test_the_number_of_the_other_card_is_written_nowhere(self):
        card = self._found(CLUB_CARD)
        wizard = (
            self.env["ekarte.card.change"]
            .with_user(self.operator)
            .create(
                {
                    "card_id": card.id,
                    "command": "replace",
                    "reason": "worn",
                    "other_number": CLUB_CARD,
                }
            )
        )
        self.env.cr.execute(
            "SELECT to_jsonb(c)::text FROM ekarte_card_change AS c WHERE id = %s",
            [wizard.id],
        )
        self.assertNotIn(CLUB_CARD, self.env.cr.fetchone()[0])
        self.assertEqual(wizard.other_card_id, card)

    # What stands in the operations

    def test_the_block_is_an_operation_with_its_reason(self):
        card = self._found(CLUB_CARD)
        self._change(card, "block", reason="stolen bag")
        operation = self.env["ekarte.operation"].search(
            [("card_id", "=", card.id), ("command", "=", "block")]
        )
        self.assertEqual(operation.reference, "stolen bag")
        self.assertEqual(operation.terminal, self.grocer._back_office_id())
        self.assertEqual(operation.branch_id, self.centre)

    def test_a_refusal_is_told_in_words(self):
        card = self._found(CLUB_CARD)
        # Without a branch the issuer has no back office, so its terminal is unknown.
        (self.centre | self.suburb).active = False
        self.env.cr.flush()
        outcome = self._change(card, "block")
        self.assertEqual(outcome["type"], "danger")
        self.assertEqual(card.state, "active")
        self.assertIn("Refused", outcome["message"])

    def test_another_issuers_card_cannot_be_blocked(self):
        foreign = self.env["ekarte.card"].search([("last4", "=", FUEL_CARD[-4:])])
        with (
            self.assertRaises(AccessError),
            mute_logger("odoo.addons.base.models.ir_rule"),
        ):
            self._change(foreign, "block")

    def test_the_button_opens_the_dialog_with_the_card(self):
        card = self._found(CLUB_CARD)
        for action, command in (
            (card.action_block(), "block"),
            (card.action_unblock(), "unblock"),
            (card.action_replace(), "replace"),
            (card.action_pool(), "pool"),
            (card.action_leave(), "leave"),
        ):
            self.assertEqual(action["context"]["default_command"], command)
            self.assertEqual(action["context"]["default_card_id"], card.id)

    def test_an_overlong_reason_is_refused_by_name(self):
        card = self._found(CLUB_CARD)
        with self.assertRaisesRegex(UserError, "reference"):
            self.grocer._act("block", _by_id(card), "x" * 200)

    def test_before_the_first_publication_nothing_is_executed(self):
        card = self._found(CLUB_CARD)
        with (
            patch(f"{DESK}.network_key", return_value=(0, b"")),
            patch(f"{DESK}.current_network", side_effect=NetworkMissing("none")),
            self.assertRaisesRegex(UserError, "not been published"),
        ):
            self._change(card, "block")


def _by_id(card):
    return CardRef(kind="ledger", value=str(card.id))
