"""Subscribers act on own cards by operations of the ledger; on others' never."""

import io
import json
import zipfile
from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged

from ekarte_core import verify

from .common import THIRD_CLUB_CARD
from .portal_common import PortalCase


@tagged("post_install", "-at_install")
class TestPortalCardActs(PortalCase):
    def setUp(self):
        super().setUp()
        self.login(self.anna)
        self.path = f"/my/cards/{self.club_card.id}"

    def act(self, what, card=None, **values):
        path = f"/my/cards/{(card or self.club_card).id}/{what}"
        return self.page(path, **{"sent": "1", **values})

    # Stopping

    def test_card_not_at_hand_is_stopped_and_works_again(self):
        self.assertIn("Is the card not at hand?", self.page(f"{self.path}/manage").text)
        page = self.act("block", why="until")
        self.assertIn("The card is stopped", page.text)
        self.assertEqual(self.club_card.state, "blocked")
        operation = self.env["ekarte.operation"].search(
            [("card_id", "=", self.club_card.id), ("command", "=", "block")]
        )
        self.assertEqual(operation.reference, "subscriber's site")
        self.assertIn("I have found it", self.page(f"{self.path}/manage").text)
        self.act("unblock")
        self.assertEqual(self.club_card.state, "active")

    def test_card_that_its_issuer_stopped_is_not_the_subscribers_to_start(self):
        self.grocer._act(
            "block", self.env["ekarte.desk"]._by_id(self.club_card.id), "fraud?"
        )
        self.env.invalidate_all()
        page = self.page(f"{self.path}/manage").text
        self.assertIn("Its issuer has stopped this card", page)
        self.assertNotIn("fraud?", page)
        self.assertIn("Its issuer has stopped", self.act("unblock").text)
        self.assertEqual(self.club_card.state, "blocked")

    def test_lost_card_is_stopped_for_good_and_anything_else_needs_a_reason(self):
        self.assertIn("Say what happened", self.act("block", why="bored").text)
        self.assertEqual(self.club_card.state, "active")
        self.act("block", why="lost")
        self.assertEqual(self.club_card.state, "lost")

    def test_nobody_acts_on_anothers_card(self):
        for what in ("block", "unblock", "pool", "leave", "forget"):
            page = self.act(what, self.other_card, why="lost", other=self.club_card.id)
            self.assertTrue(page.url.endswith("/my/cards"), what)
        self.assertEqual(self.other_card.state, "active")
        self.assertEqual(self.other_card.holder_ids.partner_id, self.boris.partner_id)
        for what in ("manage", "statement?month=2026-11"):
            page = self.page(f"/my/cards/{self.other_card.id}/{what}")
            self.assertTrue(page.url.endswith("/my/cards"), what)

    def test_form_without_its_seal_is_refused(self):
        page = self.url_open(f"{self.path}/block", data={"why": "lost"})
        self.assertEqual(page.status_code, 400)
        self.assertEqual(self.club_card.state, "active")

    # Sharing

    def test_own_cards_share_one_balance_and_part_again(self):
        self.club.may_pool = True
        self.env.cr.flush()
        self._give_other_to_anna()
        page = self.page(f"/my/cards/{self.other_card.id}/manage").text
        self.assertIn("Share one balance", page)
        self.act("pool", self.other_card, other=str(self.club_card.id))
        self.assertEqual(self.other_card.account_id, self.club_card)
        self.act("leave", self.other_card)
        self.assertEqual(self.other_card.account_id, self.other_card)

    def test_cards_do_not_share_where_their_type_or_their_holder_forbids_it(self):
        self._give_other_to_anna()
        page = self.act("pool", self.other_card, other=str(self.club_card.id))
        self.assertIn("cannot share", page.text)
        self.club.may_pool = True
        self._give(self.club_card, self.boris)
        self.act("pool", self.other_card, other=str(self.club_card.id))
        self.assertEqual(self.other_card.account_id, self.other_card)

    def test_card_that_took_a_balance_over_keeps_it(self):
        """On its own it would begin with nothing, and nobody could use the rest."""
        self.club.may_pool = True
        self.env.cr.flush()
        self._send(self.grocer, "sale", THIRD_CLUB_CARD, 100)
        told = self.env["ekarte.card.change"].create(
            {
                "card_id": self.club_card.id,
                "command": "replace",
                "reason": "lost",
                "other_number": THIRD_CLUB_CARD,
            }
        )
        self.assertEqual(told.action_change()["params"]["type"], "success")
        newer = self._ledger_card(THIRD_CLUB_CARD)
        self.assertEqual(newer.account_id, self.club_card)
        self._give_other_to_anna()
        page = self.page(f"/my/cards/{newer.id}/manage").text
        self.assertIn("Is the card not at hand?", page)
        self.assertNotIn("One balance for several cards", page)
        self.assertIn("its own", self.act("leave", newer).text)
        self.assertEqual(newer.account_id, self.club_card)
        # Nor from the desk, whose button the ledger itself refuses.
        self.assertFalse(newer.may_leave)
        answer = self.grocer._act("pool", self.env["ekarte.desk"]._by_id(newer.id), "")
        self.assertEqual(answer.rc, "05")

    def _give_other_to_anna(self):
        self._give(self.other_card, self.anna)

    # Forgetting

    def test_card_taken_off_keeps_its_balance_and_the_ledger_its_entries(self):
        points = sum(self.club_card.purse_ids.mapped("points"))
        operations = self.env["ekarte.operation"].search_count([])
        self.act("forget")
        self.assertFalse(self.club_card.holder_ids)
        self.assertEqual(sum(self.club_card.purse_ids.mapped("points")), points)
        self.assertEqual(self.env["ekarte.operation"].search_count([]), operations)
        self.assertNotIn("0011", self.page("/my/cards").text)

    def test_issuer_forgets_the_person_and_other_issuers_do_not(self):
        purpose = self.env["ekarte.consent.purpose"].create(
            {
                "issuer_id": self.grocer.id,
                "code": "news",
                "name": "News",
                "text": "You may write to me.",
            }
        )
        self._send(self.fuel, "sale", "9980001000000011", 2000, minutes=30)
        self._give(self.club_card, self.anna)
        data = self.page("/my/cards/data").text
        self.assertIn("You may write to me.", data)
        self.page("/my/cards/data/consents", issuer="TGRO", purpose="news")
        partner = self.anna.partner_id
        given = self.env["ekarte.consent"]._in_force(self.grocer, partner)
        self.assertEqual((given.purpose_id, given.given_way), (purpose, "portal"))
        balance = sum(self.club_card.purse_ids.mapped("balance"))
        page = self.page("/my/cards/data/forget", issuer="TGRO")
        self.assertIn("does not know you any more", page.text)
        self.assertFalse(self.env["ekarte.consent"]._in_force(self.grocer, partner))
        self.assertFalse(given.partner_id)
        self.assertEqual(self.club_card.holder_ids.issuer_id, self.fuel)
        self.assertEqual(sum(self.club_card.purse_ids.mapped("balance")), balance)
        self.env.cr.flush()
        self.assertFalse([one.code for one in verify(self.env.cr) if not one.holds])

    def _purpose(self, issuer, code):
        values = {"issuer_id": issuer.id, "code": code, "name": code, "text": code}
        return self.env["ekarte.consent.purpose"].create(values)

    def _agreed(self, issuer):
        agreed = self.env["ekarte.consent"]._in_force(issuer, self.anna.partner_id)
        return agreed.purpose_id.mapped("code")

    def test_consent_ends_though_another_one_in_the_form_is_refused(self):
        for code in ("news", "study"):
            self._purpose(self.grocer, code)
        path = "/my/cards/data/consents"
        self.page(path, issuer="TGRO", purpose="news")
        self.assertEqual(self._agreed(self.grocer), ["news"])
        programs = self.bonus | self.discount | self.gift
        programs.valid_to = fields.Datetime.now() - timedelta(days=7)
        page = self.page(path, issuer="TGRO", purpose="study")
        self.assertIn("Refused:", page.text)
        self.assertNotIn("Kept.", page.text)
        self.assertEqual(self._agreed(self.grocer), [])

    # A second issuer, after the card was registered

    def _buy_elsewhere(self):
        self._send(self.fuel, "sale", "9980001000000011", 2000, minutes=30)
        self.assertIn(self.fuel, self.club_card._page_issuers())
        self.assertEqual(self.club_card.holder_ids.issuer_id, self.grocer)

    def _known(self, issuer):
        holders = self.env["ekarte.holder"]
        return holders._of(self.club_card.ids, issuer).get(self.club_card.id)

    def test_second_issuer_knows_who_answered_it_and_rewards_it(self):
        self.fuel_bonus.questionnaire_points = 2
        question = f"q{self._questionnaire(self.fuel).field_ids.id}"
        self._buy_elsewhere()
        self.page("/my/cards/data")
        self.assertFalse(self._known(self.fuel))
        page = self.page("/my/cards/data/questions/TFUE", **{question: "many"})
        self.assertIn('value="many"', page.text)
        self.assertFalse(self._known(self.fuel))
        page = self.page("/my/cards/data/questions/TFUE", **{question: "2"})
        self.assertIn("Thank you. Kept.", page.text)
        self.assertEqual(self._known(self.fuel), self.anna.partner_id)
        answer = self.env["ekarte.questionnaire.answer"].search([])
        self.assertEqual(
            (answer.issuer_id, answer.card_id), (self.fuel, self.club_card)
        )

    def test_second_issuer_knows_who_consented_and_nobody_who_did_not(self):
        self._purpose(self.fuel, "news")
        self._buy_elsewhere()
        path = "/my/cards/data/consents"
        self.page(path, issuer="TFUE", nothing="ticked")
        self.assertFalse(self._known(self.fuel))
        self.page(path, issuer="TFUE", purpose="news")
        self.assertEqual(self._agreed(self.fuel), ["news"])
        self.assertEqual(self._known(self.fuel), self.anna.partner_id)
        memberships = self.club_card.membership_ids
        told = {one.issuer_id: one.consents for one in memberships}
        self.assertEqual((told[self.fuel], told[self.grocer]), ("news", False))

    def test_answers_to_an_issuer_that_knows_another_holder_are_refused_in_words(self):
        question = f"q{self._questionnaire(self.fuel).field_ids.id}"
        self._purpose(self.fuel, "news")
        self._buy_elsewhere()
        other = self.boris.partner_id
        self.env["ekarte.holder"]._give(self.club_card.id, self.fuel, other)
        page = self.page("/my/cards/data/questions/TFUE", **{question: "7"})
        self.assertIn("registered for somebody else", page.text)
        self.assertIn('value="7"', page.text)
        page = self.page("/my/cards/data/consents", issuer="TFUE", purpose="news")
        self.assertIn("registered for somebody else", page.text)
        self.assertEqual(self._known(self.fuel), other)
        self.assertFalse(self.env["ekarte.questionnaire.answer"].search([]))
        self.assertFalse(self._agreed(self.fuel))

    def test_issuer_whose_contact_the_reader_cannot_be_says_where_to_ask(self):
        question = f"q{self._questionnaire(self.fuel).field_ids.id}"
        self._buy_elsewhere()
        company = self.grocer_company
        self.anna.write(
            {"company_ids": [Command.set(company.ids)], "company_id": company.id}
        )
        self.anna.partner_id.company_id = company
        page = self.page("/my/cards/data/questions/TFUE", **{question: "7"})
        self.assertIn("has no contact of yours", page.text)
        self.assertIn('value="7"', page.text)
        self.assertFalse(self._known(self.fuel))

    def test_answers_stay_though_their_reward_is_refused(self):
        question = f"q{self._questionnaire(self.grocer).field_ids.id}"
        programs = self.bonus | self.discount | self.gift
        programs.valid_to = fields.Datetime.now() - timedelta(days=7)
        page = self.page("/my/cards/data/questions/TGRO", **{question: "7"})
        self.assertIn("Refused:", page.text)
        answer = self.env["ekarte.questionnaire.answer"].search([])
        self.assertEqual((answer.line_ids._raw(), answer.effects_at), ("7", False))

    def test_issuer_without_a_card_of_the_reader_is_not_asked(self):
        self.login(self.boris)
        self.page("/my/cards/data/forget", issuer="TFUE")
        self.page("/my/cards/data/consents", issuer="TFUE", purpose="news")
        self.assertFalse(self.env["ekarte.consent"].search([]))

    # Questions

    def test_questions_of_the_own_issuer_are_answered_and_rewarded_once(self):
        self.bonus.questionnaire_points = 2
        asked = self._questionnaire(self.grocer)
        path = f"/my/cards/data/questions/{self.grocer.code}"
        self.assertIn("Answer its questions", self.page("/my/cards/data").text)
        asked.intro = "Two points for an answer."
        page = self.page(path)
        self.assertIn("Two points for an answer.", page.text)
        self.assertIn("How many cats?", page.text)
        question = f"q{asked.field_ids.id}"
        self.assertIn("whole number", self.page(path, **{question: "many"}).text)
        points = sum(self.club_card.purse_ids.mapped("points"))
        for cats in ("2", "3"):
            page = self.page(path, **{question: cats})
            self.assertTrue(page.url.endswith("/my/cards/data"))
        answer = self.env["ekarte.questionnaire.answer"].search([])
        self.assertEqual(answer.partner_id, self.anna.partner_id)
        self.assertEqual((answer.way, answer.line_ids._raw()), ("portal", "3"))
        self.assertEqual(sum(self.club_card.purse_ids.mapped("points")), points + 2)

    def test_questions_of_an_issuer_without_a_card_are_not_shown(self):
        self._questionnaire(self.fuel)
        page = self.page(f"/my/cards/data/questions/{self.fuel.code}")
        self.assertNotIn("How many cats?", page.text)

    def _questionnaire(self, issuer):
        asked = self.env["ekarte.questionnaire"].create(
            {
                "name": "About you",
                "issuer_id": issuer.id,
                "field_ids": [
                    Command.create({"name": "How many cats?", "kind": "number"})
                ],
            }
        )
        asked.action_open()
        self.env.cr.flush()
        return asked

    # Papers

    def test_export_has_all_of_the_reader_and_nothing_of_others(self):
        answer = self.page("/my/cards/data/export")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            told = json.loads(archive.read("ekarte.json"))
        self.assertEqual(
            {card["number"] for card in told["cards"]},
            {self.club_card.number, self.gift_card.number},
        )
        (club,) = [card for card in told["cards"] if card["number"].endswith("0011")]
        (sale,) = club["operations"]
        self.assertEqual((sale["command"], sale["amount"]), ("sale", "17.50"))
        self.assertTrue(sale["explanation"] and sale["entries"])
        self.assertNotIn(self.other_card.number, json.dumps(told))

    def test_statement_of_a_month_is_handed_out_and_of_no_month_is_not(self):
        paper = self.page(f"{self.path}/statement?month=2026-11")
        self.assertEqual(paper.status_code, 200)
        self.assertIn("application/pdf", paper.headers["Content-Type"])
        report = (
            self.env["ir.actions.report"]
            ._render_qweb_html(
                "ekarte_loyalty.ekarte_card_month_report",
                self.club_card.ids,
                data={"month": "2026-11"},
            )[0]
            .decode()
        )
        self.assertIn("17.50", report)
        self.assertNotIn("43.21", report)
        page = self.page(f"{self.path}/statement?month=never")
        self.assertTrue(page.url.endswith("/my/cards"))
