"""Campaigns: to those who agreed, each in the own language; and what they brought."""

from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import HttpCase, new_test_user, tagged

from .campaign_common import TODAY, CampaignCase
from .common import CLUB_CARD, FUEL_CARD, THIRD_CLUB_CARD

BALANCE = '<p>You have <t t-out="object.ekarte_balance_text">1</t>.</p>'
STEP = '<p><t t-out="object.ekarte_next_step_text">more</t></p>'


class CampaignSent(CampaignCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.all_customers = cls._segment()

    def _campaign(self, user=None, **values):
        letters = [
            ("en_US", "We miss you", BALANCE + STEP),
            ("lv_LV", "Mums jūsu pietrūkst", "<p>Nāciet!</p>" + BALANCE + STEP),
        ]
        return (
            self.env["ekarte.campaign"]
            .with_user(user or self.issuer)
            .create(
                {
                    "name": "Autumn",
                    "issuer_id": self.grocer.id,
                    "segment_id": self.all_customers.id,
                    "purpose_id": self.news.id,
                    "hold_out": 0,
                    "letter_ids": [
                        Command.create({"lang": lang, "subject": subject, "body": body})
                        for lang, subject, body in letters
                    ],
                    **values,
                }
            )
        )

    def _queue_runs(self, campaign):
        mailings = campaign.sudo().letter_ids.mailing_id
        mailings.keep_archives = True
        for mailing in mailings:
            if mailing._get_remaining_recipients():
                mailing._action_send_mail()
        self.env.invalidate_all()
        return mailings

    def _mails(self, partner):
        return self.env["mail.mail"].search([("recipient_ids", "in", partner.ids)])


@tagged("post_install", "-at_install")
class TestCampaign(CampaignSent):
    # To whom

    def test_only_who_agreed_and_has_an_address_is_written_to(self):
        self.clara.email = False
        campaign = self._campaign()
        campaign.action_send()
        # Dora has not agreed, Clara has no address.
        self.assertEqual(campaign.sudo().member_ids.partner_id, self.anna | self.boris)
        self._queue_runs(campaign)
        for partner in self.anna | self.boris:
            self.assertEqual(len(self._mails(partner)), 1)
        self.assertFalse(self._mails(self.clara | self.dora))

    def test_who_withdraws_or_is_blacklisted_before_it_leaves_gets_none(self):
        campaign = self._campaign()
        campaign.action_send()
        self.assertEqual(campaign.mailed_count, 3)
        self.consents._set(self.grocer, self.boris, {"news": False})
        self.env["mail.blacklist"]._add(self.clara.email)
        self._queue_runs(campaign)
        self.assertTrue(self._mails(self.anna))
        self.assertFalse(self._mails(self.boris | self.clara))

    def test_a_letter_is_in_the_readers_language_and_so_are_its_figures(self):
        campaign = self._campaign()
        campaign.action_send()
        self._queue_runs(campaign)
        anna, boris = self._mails(self.anna), self._mails(self.boris)
        self.assertEqual(anna.subject, "Mums jūsu pietrūkst")
        self.assertIn("Nāciet!", anna.body_html)
        # No letter is in Russian: the first one, with his own figures in Russian.
        self.assertEqual(boris.subject, "We miss you")
        steps = {
            partner: partner.with_context(
                ekarte_issuer_id=self.grocer.id
            ).ekarte_next_step_text
            for partner in self.anna | self.boris
        }
        self.assertIn("punkti līdz balvai", steps[self.anna])
        self.assertRegex(steps[self.boris], "[А-я]")
        for partner, mail in ((self.anna, anna), (self.boris, boris)):
            self.assertIn(steps[partner], str(mail.body_html).replace("&nbsp;", "\xa0"))
        self.assertEqual(anna.email_from, self.grocer_company.email_formatted)
        self.assertIn("unsubscribe", anna.body_html)

    def test_figures_are_those_of_the_issuer_that_writes(self):
        of_grocer = self.boris.with_context(ekarte_issuer_id=self.grocer.id)
        of_fuel = self.boris.with_context(ekarte_issuer_id=self.fuel.id)
        self.assertIn(
            "1 points",
            of_grocer.with_context(lang="en_US")._ekarte_balances(self.grocer),
        )
        self.assertTrue(of_grocer.ekarte_balance_text)
        # Boris is no customer of the fuel station's, though his card is used there.
        self.assertFalse(of_fuel.ekarte_balance_text)
        stranger = of_fuel.with_user(self.issuer)
        self.assertFalse(stranger.ekarte_balance_text)

    # Letters

    def test_letters_have_the_placeholders_that_everybody_may_use_and_no_others(self):
        campaign = self._campaign()
        letter = campaign.letter_ids[0]
        letter.body = BALANCE + '<p><t t-out="object.name">Anna</t></p>'
        for unsafe in (
            '<p><t t-out="object.env.user.password">x</t></p>',
            '<p><t t-out="object.company_id.partner_id.email">x</t></p>',
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                letter.body = unsafe
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            letter.subject = "{{ object.env.cr }}"
        letter.subject = "{{ object.name }}"

    def test_a_writer_gets_a_test_with_the_figures_of_a_customer(self):
        letter = self._campaign().letter_ids[0]
        before = self.env["mail.mail"].search([])
        self.issuer.email = False
        with self.assertRaises(UserError):
            letter.action_test()
        self.issuer.email = "writer@example.com"
        letter.action_test()
        mail = self.env["mail.mail"].search([]) - before
        self.assertIn("writer@example.com", mail.email_to)
        self.assertIn("punkti", mail.body_html)
        self.assertNotIn("t-out", mail.body_html)
        with self.assertRaises(AccessError):
            letter.with_user(self.fuel_issuer).action_test()

    def test_what_was_sent_stays_as_it_was(self):
        campaign = self._campaign()
        campaign.letter_ids[0].subject = "Changed before"
        with self.assertRaises(UserError):
            self._campaign(letter_ids=[]).action_send()
        campaign.action_send()
        for change in (
            campaign.action_send,
            lambda: campaign.write({"hold_out": 50}),
            lambda: campaign.letter_ids[0].write({"subject": "Changed"}),
            campaign.letter_ids[0].unlink,
            campaign.unlink,
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                change()
        campaign.name = "Another name"

    def test_a_stopped_campaign_sends_nothing(self):
        campaign = self._campaign(send_at="2026-12-24 08:00:00")
        campaign.action_send()
        self.assertEqual(str(campaign.started_day), "2026-12-24")
        mailings = campaign.sudo().letter_ids.mailing_id
        self.assertEqual(set(mailings.mapped("state")), {"in_queue"})
        campaign.action_stop()
        self.assertEqual(set(mailings.mapped("state")), {"draft"})
        self.assertEqual(campaign.state, "stopped")

    def test_nobody_to_write_to_is_said_and_nothing_sent(self):
        for partner in self.anna | self.boris | self.clara:
            self.consents._set(self.grocer, partner, {"news": False})
        campaign = self._campaign()
        with self.assertRaises(UserError):
            campaign.action_send()
        self.consents._set(self.grocer, self.anna, {"news": True})
        campaign.action_send()
        self.assertEqual(campaign.mailed_count, 1)

    # Effect

    def test_the_held_out_are_so_many_by_chance_and_always_the_same(self):
        partners = self.env["res.partner"].create(
            [{"name": f"Customer {number}"} for number in range(200)]
        )
        campaign = self._campaign(hold_out=15)
        held = campaign._held_out(partners)
        self.assertEqual(len(held), 30)
        self.assertEqual(campaign._held_out(partners[::-1]), held)
        self.assertNotEqual(self._campaign(hold_out=15)._held_out(partners), held)
        self.assertFalse(self._campaign()._held_out(partners))
        self.assertEqual(len(campaign._held_out(partners[:3])), 0)

    def test_sales_with_the_letter_and_without_it_are_compared(self):
        campaign = self._campaign(hold_out=34, days=40)
        self.assertIn("2 customers", campaign.action_check()["params"]["message"])
        campaign.action_send()
        members = campaign.sudo().member_ids
        (held,) = members.filtered("hold_out").partner_id
        self.assertFalse(self._mails(held))
        before = {self.anna: 0, self.boris: 0, self.clara: 90}
        today = {self.anna: 60, self.boris: 10, self.clara: 0}
        self._send(self.grocer, "sale", CLUB_CARD, 2000, minutes=24 * 60)
        self._send(self.grocer, "sale", THIRD_CLUB_CARD, 3000, minutes=41 * 24 * 60)
        self.env["ekarte.daily"]._count(until=TODAY + timedelta(days=41), afresh=True)
        today[self.anna] += 20
        rows = {row.side: row for row in campaign.effect_ids}
        without, got = rows["without"], rows["with"]
        self.assertEqual((got.customers, without.customers), (2, 1))
        self.assertEqual(without.amount, today[held])
        self.assertEqual(without.amount_before, before[held])
        self.assertEqual(got.amount, sum(today.values()) - today[held])
        self.assertEqual(got.amount_each, (90 - today[held]) / 2)
        self.assertEqual(
            campaign.with_context(lang="en_US").effect_text.count("without it"), 1
        )
        self.assertIn(
            "fewer than 30 customers", campaign.with_context(lang="en_US").effect_text
        )
        one, other = (today[who] for who in today if who != held)
        self.assertEqual(got.chance_each, abs(one - other))  # two of them
        self.assertEqual(without.chance_each, 0)
        totals = self.env["ekarte.campaign.effect"]._read_group(
            [("campaign_id", "=", campaign.id)], [], ["customers:sum", "amount:sum"]
        )
        self.assertEqual(totals, [(3, 90)])

    def test_what_may_be_chance_is_said_to_be_and_what_is_more_is_not(self):
        rows = self.env["ekarte.campaign.effect"]
        held = {"customers": 400, "amount_each": 20, "chance_each": 3}
        campaign = self._campaign().with_context(lang="en_US")
        for each, customers, told in [
            (26, 3000, ""),
            (14, 3000, ""),
            (24, 3000, "up to 5.00\N{NO-BREAK SPACE}€ come by chance"),
            (90, 29, "fewer than 30 customers"),
        ]:
            got = {"customers": customers, "amount_each": each, "chance_each": 4}
            euro = {"currency_id": self.env.ref("base.EUR").id}
            said = campaign._doubted(rows.new(got | euro), rows.new(held | euro))
            self.assertEqual(bool(said), bool(told))
            self.assertIn(told, said)

    # Rights

    def test_an_issuer_sends_its_own_campaign_and_an_operator_none(self):
        campaign = self._campaign()
        for stranger in (self.operator, self.fuel_issuer, self.administrator):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                campaign.with_user(stranger).action_send()
        self.assertFalse(self.issuer.has_group("mass_mailing.group_mass_mailing_user"))
        campaign.action_send()
        self.assertEqual(campaign.state, "sent")

    def test_a_campaign_uses_its_own_issuers_segment_and_purpose_only(self):
        theirs = self._segment(issuer=self.fuel)
        for wrong in (
            {"segment_id": theirs.id},
            {"purpose_id": self._purpose(self.fuel).id},
        ):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self._campaign(self.env.user, **wrong)
        self.news.for_mailing = False
        with self.assertRaises(ValidationError):
            self._campaign()

    def test_nobody_sees_whom_another_issuer_writes_to(self):
        campaign = self._campaign()
        campaign.action_send()
        self._queue_runs(campaign)
        models = (
            *("ekarte.segment", "ekarte.campaign", "ekarte.campaign.letter"),
            *("ekarte.campaign.member", "ekarte.campaign.effect"),
        )
        for model in models:
            with self.subTest(model=model):
                rows = self.env[model].search([])
                self.assertTrue(rows.with_user(self.issuer).search([]))
                with self.assertRaises(AccessError):
                    rows.with_user(self.operator).search([])
                for stranger in (self.fuel_issuer, self.administrator):
                    self.assertFalse(rows.with_user(stranger).search([]))
                    with self.assertRaises(AccessError):
                        rows.with_user(stranger).read(["display_name"])

    def test_mailings_of_a_campaign_are_for_mailers_of_its_company(self):
        campaign = self._campaign()
        campaign.action_send()
        mailings = self._queue_runs(campaign)
        traces = mailings.mailing_trace_ids
        self.assertEqual(len(traces), 3)
        own, other = [
            new_test_user(
                self.env,
                login=f"t.mailer.{company.id}",
                groups="base.group_user,mass_mailing.group_mass_mailing_user",
                company_id=company.id,
                company_ids=[Command.set(company.ids)],
            )
            for company in (self.grocer_company, self.fuel_company)
        ]
        for records in (mailings, traces):
            ids = [("id", "in", records.ids)]
            self.assertEqual(records.with_user(own).search_count(ids), len(records))
            self.assertEqual(records.with_user(other).search_count(ids), 0)
        # A copy is for nobody: its segment and consent are not copied with it.
        copy = mailings[:1].with_user(own).copy()
        self.assertFalse(copy.sudo()._get_recipients())

    def test_who_is_forgotten_was_never_written_to(self):
        campaign = self._campaign()
        campaign.action_send()
        self.env["ekarte.holder"]._erase(self.grocer, self.anna)
        self.assertEqual(campaign.sudo().member_ids.partner_id, self.boris | self.clara)

    def test_a_fuel_customer_is_not_in_the_grocers_campaign(self):
        self._send(self.fuel, "sale", FUEL_CARD, 4500, minutes=9)
        theirs = self._customer("Egons", FUEL_CARD, "lv_LV", self.fuel)
        self._purpose(self.fuel)
        self.consents._set(self.fuel, theirs, {"news": True})
        campaign = self._campaign()
        campaign.action_send()
        self.assertNotIn(theirs, campaign.sudo().member_ids.partner_id)
        self.assertIn(self.anna, campaign.sudo().member_ids.partner_id)


@tagged("post_install", "-at_install")
class TestUnsubscribing(HttpCase, CampaignSent):
    def _way_out(self, partner, hash_token=None):
        campaign = self._campaign()
        campaign.action_send()
        mailings = self._queue_runs(campaign)
        trace = mailings.mailing_trace_ids.filtered(
            lambda one: one.res_id == partner.id
        )
        mailing = trace.mass_mailing_id
        token = mailing._generate_mailing_recipient_token(partner.id, partner.email)
        return (
            f"/mailing/{mailing.id}/unsubscribe_oneclick?document_id={partner.id}"
            f"&email={partner.email}&hash_token={hash_token or token}"
        )

    def _agreed(self, issuer):
        return self.consents._in_force(issuer, self.anna).purpose_id

    def test_the_way_out_ends_this_consent_and_no_other_issuers(self):
        self._purpose(self.fuel)
        self.consents._set(self.fuel, self.anna, {"news": True})
        answer = self.url_open(self._way_out(self.anna), method="POST")
        self.assertEqual(answer.status_code, 200)
        self.env.invalidate_all()
        self.assertFalse(self._agreed(self.grocer))
        self.assertTrue(self._agreed(self.fuel))
        self.assertFalse(self.anna.is_blacklisted)

    def test_a_link_that_was_not_sent_ends_nothing(self):
        answer = self.url_open(self._way_out(self.anna, "0" * 64), method="POST")
        self.assertIn(answer.status_code, (401, 403))
        self.assertTrue(self._agreed(self.grocer))
