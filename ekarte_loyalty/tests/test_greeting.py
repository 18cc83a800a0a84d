"""Greetings and notices go out by themselves: to those who agreed, each once."""

from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ekarte_core import current_network, take_notices

from .campaign_common import CampaignCase
from .common import CLUB_CARD, NOON


@tagged("post_install", "-at_install")
class TestGreeting(CampaignCase):
    def _greeting(self, occasion="birthday", **values):
        return self.env["ekarte.greeting"].create(
            {
                "name": "Ten years of our shop",
                "issuer_id": self.grocer.id,
                "occasion": occasion,
                "purpose_id": self.news.id,
                **values,
            }
        )

    def _born(self, partner, day):
        partner.with_company(self.grocer_company).ekarte_birthday = day

    def _run(self):
        # Nothing is committed in a test; the job goes on as if it had time.
        progress = patch.object(
            type(self.env["ir.cron"]), "_commit_progress", return_value=60
        )
        with progress:
            self.env["ekarte.greeting"]._cron_send()
        self.env.invalidate_all()

    def _mails(self, partner):
        return self.env["mail.mail"].search([("recipient_ids", "in", partner.ids)])

    def _text(self, mail):
        return str(mail.body_html)

    # Birthdays

    def test_a_birthday_is_greeted_once_in_the_customers_language(self):
        greeting = self._greeting(words="A cake waits for you.")
        greeting.with_context(lang="lv_LV").words = "Jūs gaida kūka."
        template = greeting.template_id
        template.with_context(
            lang="lv_LV"
        ).subject = "Daudz laimes, {{ object.partner_id.name }}!"
        self._born(self.anna, "1980-11-20")
        self._born(self.boris, "1980-11-23")
        self._run()
        self._run()
        (mail,) = self._mails(self.anna)
        self.assertEqual(mail.subject, "Daudz laimes, Anna!")
        self.assertIn("Jūs gaida kūka.", self._text(mail))
        self.assertIn("punkti līdz balvai", self._text(mail))
        self.assertFalse(self._mails(self.boris))
        self.assertEqual(greeting.sent_count, 1)
        self._days(3)
        self._run()
        self.assertEqual(len(self._mails(self.boris)), 1)
        self.assertEqual(len(self._mails(self.anna)), 1)
        self._days(365)
        self._run()
        self.assertEqual(len(self._mails(self.anna)), 2)

    def test_a_night_without_a_run_is_made_up_for_but_not_a_week(self):
        self._greeting()
        self._born(self.anna, "1980-11-18")
        self._born(self.boris, "1980-11-13")
        self._run()
        self.assertTrue(self._mails(self.anna))
        self.assertFalse(self._mails(self.boris))

    def test_a_greeting_may_go_some_days_before(self):
        self._greeting(days_before=3)
        self._born(self.anna, "1980-11-23")
        self._born(self.boris, "1980-11-24")
        self._run()
        self.assertTrue(self._mails(self.anna))
        self.assertFalse(self._mails(self.boris))

    def test_only_who_agreed_and_is_not_blacklisted_is_greeted(self):
        self._greeting()
        for partner in self.everybody:
            self._born(partner, "1980-11-20")
        self.env["mail.blacklist"]._add(self.clara.email)
        self.consents._set(self.grocer, self.boris, {"news": False})
        self._run()
        self.assertTrue(self._mails(self.anna))
        self.assertFalse(self._mails(self.everybody - self.anna))

    def test_a_segment_narrows_a_greeting(self):
        here = self._segment({"kind": "visit", "days": 7})
        self._greeting(segment_id=here.id)
        self._born(self.anna, "1980-11-20")
        self._born(self.clara, "1980-11-20")
        self._run()
        self.assertTrue(self._mails(self.anna))
        self.assertFalse(self._mails(self.clara))

    # Other occasions

    def test_a_professional_holiday_is_greeted_by_its_name(self):
        self._greeting("profession_day")
        self.env["ekarte.profession.day"].create(
            {
                "name": "Nurses' Day",
                "issuer_id": self.grocer.id,
                "words": "nurse, medmāsa",
                "month": 11,
                "day": 20,
            }
        )
        self.anna.with_company(self.grocer_company).ekarte_profession = "Medmāsa"
        self.boris.with_company(self.grocer_company).ekarte_profession = "Teacher"
        self._run()
        self._run()
        (mail,) = self._mails(self.anna)
        self.assertIn("Nurses' Day", mail.subject)
        self.assertFalse(self._mails(self.boris))

    def test_an_event_is_greeted_each_year_or_once(self):
        yearly = self._greeting("event", event_date="2016-11-20")
        once = self._greeting("event", event_date="2016-11-20", yearly=False)
        self._run()
        self._run()
        self.assertEqual(yearly.sent_count, 3)
        self.assertEqual(once.sent_count, 0)
        once.event_date = "2026-11-20"
        self._run()
        self.assertEqual(once.sent_count, 3)
        self._days(365)
        self._run()
        self.assertEqual((yearly.sent_count, once.sent_count), (6, 3))

    def _note_what_ends(self, days):
        network = current_network(self.env.cr)
        self.env.flush_all()
        taken = take_notices(self.env.cr, network, NOON + timedelta(days=days))
        self.env.invalidate_all()
        return taken

    def test_what_ends_soon_is_told_in_one_letter_and_once(self):
        # So far away that it ends in the future whenever this test runs.
        self.bonus.write({"expire_days": 30000, "notice_days": 7})
        self._send(self.grocer, "sale", CLUB_CARD, 2600, minutes=60)
        self._send(self.grocer, "sale", CLUB_CARD, 1600, minutes=2 * 24 * 60)
        greeting = self._greeting("expiry", purpose_id=False)
        self._run()
        self.assertFalse(self._mails(self.anna))
        self.assertEqual(len(self._note_what_ends(29998)), 2)
        self._run()
        self._run()
        (mail,) = self._mails(self.anna)
        self.assertIn("Program T-BON", self._text(mail))
        self.assertEqual(self._text(mail).count("<li>"), 2)
        self.assertEqual(greeting.sent_count, 1)
        self.assertEqual(len(greeting.sent_ids), 2)

    def test_a_notice_may_be_asked_to_need_consent(self):
        self.bonus.write({"expire_days": 30000, "notice_days": 7})
        self._send(self.grocer, "sale", CLUB_CARD, 2600, minutes=60)
        self._note_what_ends(29998)
        self.consents._set(self.grocer, self.anna, {"news": False})
        self._greeting("expiry")
        self._run()
        self.assertFalse(self._mails(self.anna))
        self.consents._set(self.grocer, self.anna, {"news": True})
        self._run()
        self.assertEqual(len(self._mails(self.anna)), 1)

    # Rules

    def test_a_greeting_needs_a_purpose_and_a_day_where_it_has_one(self):
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self._greeting(purpose_id=False)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self._greeting("event")
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self._greeting(purpose_id=self._purpose(self.fuel).id)
        self.assertTrue(self._greeting("expiry", purpose_id=False))

    def test_nobody_sees_whom_another_issuer_greets(self):
        self._greeting()
        self._born(self.anna, "1980-11-20")
        self._run()
        for model in ("ekarte.greeting", "ekarte.greeting.sent"):
            with self.subTest(model=model):
                rows = self.env[model].search([])
                self.assertTrue(rows.with_user(self.issuer).search([]))
                with self.assertRaises(AccessError):
                    rows.with_user(self.operator).search([])
                for stranger in (self.fuel_issuer, self.administrator):
                    self.assertFalse(rows.with_user(stranger).search([]))
                    with self.assertRaises(AccessError):
                        rows.with_user(stranger).read(["display_name"])
        with self.assertRaises(AccessError):
            rows.with_user(self.issuer).unlink()

    def test_an_issuer_writes_its_own_greetings(self):
        greeting = self._greeting().with_user(self.issuer)
        greeting.words = "Come and see us."
        with self.assertRaises(AccessError):
            greeting.with_user(self.fuel_issuer).words = "Go away."
