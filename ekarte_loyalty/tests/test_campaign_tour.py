from odoo.tests import HttpCase, tagged

from .campaign_common import CampaignCase


@tagged("post_install", "-at_install")
class TestCampaignTour(CampaignCase, HttpCase):
    """An issuer's way from a segment to a letter, in the browser."""

    def test_an_issuer_finds_customers_and_writes_to_them(self):
        self.start_tour(
            "/odoo/ekarte-segments", "ekarte_segment_tour", login="t.issuer"
        )
        self.start_tour(
            "/odoo/ekarte-campaigns", "ekarte_campaign_tour", login="t.issuer"
        )
        campaign = self.env["ekarte.campaign"].search([("name", "=", "Autumn")])
        self.assertEqual(campaign.member_ids.partner_id, self.anna | self.boris)
        mailing = campaign.letter_ids.mailing_id
        self.assertEqual(mailing.state, "in_queue")
        self.assertIn("Come back!", mailing.body_html)
