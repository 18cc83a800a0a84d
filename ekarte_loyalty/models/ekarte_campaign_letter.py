from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class EkarteCampaignLetter(models.Model):
    """A campaign's letter in one language.

    Its placeholders are those that Odoo lets anybody use, and two of ours: balance and
    next step (see res.partner). Others are for editors of mail templates: what stands
    here is rendered for each customer, with all rights.
    """

    _name = "ekarte.campaign.letter"
    _description = "Letter of a campaign"
    _inherit = ["mail.render.mixin"]
    _rec_name = "subject"
    _order = "sequence, id"
    _unrestricted_rendering = True

    campaign_id = fields.Many2one(
        "ekarte.campaign", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="campaign_id.company_id", store=True)
    state = fields.Selection(related="campaign_id.state")
    sequence = fields.Integer(default=10)
    lang = fields.Selection(
        lambda self: self.env["res.lang"].get_installed(),
        "Language",
        required=True,
        default=lambda self: self.env.lang,
    )
    subject = fields.Char(required=True)
    body = fields.Html(
        "Letter",
        required=True,
        render_engine="qweb",
        render_options={"post_process": True},
        sanitize="email_outgoing",
    )
    mailing_id = fields.Many2one(
        "mailing.mailing",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups="mass_mailing.group_mass_mailing_user",
    )

    _lang_uniq = models.UniqueIndex(
        "(campaign_id, lang)", "The campaign has a letter in this language already."
    )

    def _compute_render_model(self):
        self.render_model = "res.partner"

    @api.model_create_multi
    def create(self, vals_list):
        letters = super().create(vals_list)
        letters._check_draft()
        return letters

    def write(self, vals):
        if vals.keys() - {"mailing_id"}:
            self._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_draft(self):
        self._check_draft()

    def _check_draft(self):
        if self.filtered(lambda letter: letter.campaign_id.state != "draft"):
            raise UserError(
                self.env._("A campaign that was sent stays as it was sent.")
            )

    def action_test(self):
        """Send the letter to its writer, with the figures of somebody who is meant."""
        self.ensure_one()
        self.check_access("write")
        writer = self.env.user
        if not writer.email_normalized:
            raise UserError(self.env._("You have no e-mail address of your own."))
        partner = self.env["res.partner"].search(
            self.campaign_id.segment_id._partner_domain(), limit=1
        )
        if not partner:
            raise UserError(self.env._("The segment is empty."))
        letter = self.with_context(ekarte_issuer_id=self.campaign_id.issuer_id.id)
        values = {
            "subject": letter._render_field("subject", partner.ids)[partner.id],
            "body_html": letter._render_field("body", partner.ids)[partner.id],
            "email_to": writer.email_formatted,
            "email_from": self.campaign_id.company_id.email_formatted
            or writer.email_formatted,
            "auto_delete": True,
        }
        self.env["mail.mail"].sudo().create(values)
        message = self.env._(
            "On its way to %(address)s, with the figures of %(customer)s.",
            address=writer.email,
            customer=partner.name,
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": message},
        }

    # Sending

    def _recipients_domain(self):
        """Return who gets this letter: members who may still be written to."""
        self.ensure_one()
        members = self.env["ekarte.campaign.member"].sudo()
        chosen = members._search(
            [("letter_id", "=", self.id), ("hold_out", "=", False)]
        )
        reachable = self.campaign_id._reachable_domain()
        return reachable & Domain("id", "in", chosen.subselect("partner_id"))

    def _hand_over(self, send_at):
        """Make a mailing of the letter, and put it into Odoo's queue; in sudo."""
        self.ensure_one()
        members = self.env["ekarte.campaign.member"]
        if not members.search_count([("letter_id", "=", self.id)], limit=1):
            return
        company = self.campaign_id.company_id
        # Not the user: answers come to the issuer's address.
        address = company.email_formatted or self.env.user.email_formatted
        self.mailing_id = self.env["mailing.mailing"].create(
            {
                "subject": self.subject,
                "body_arch": self._body_with_way_out(),
                "body_html": self._body_with_way_out(),
                "email_from": address,
                "reply_to_mode": "new",
                "reply_to": address,
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                # A copy of this mailing is for nobody, until somebody says for whom.
                "mailing_domain": "[('id', 'in', [])]",
                "ekarte_letter_id": self.id,
                "user_id": self.env.uid,
                "schedule_type": "scheduled" if send_at else "now",
                "schedule_date": send_at,
            }
        )
        self.mailing_id.action_put_in_queue()

    def _body_with_way_out(self):
        """Return the letter with the link that ends all mailings, if it has none."""
        if "/unsubscribe_from_list" in self.body:
            return self.body
        speaking = self.with_context(lang=self.lang)
        words = speaking.env._("No more letters of this kind, please")
        return self.body + Markup(
            '<p style="font-size: 12px;"><a href="/unsubscribe_from_list">%s</a></p>'
        ) % (words,)

    def _withdraw(self, partner_id):
        """End the consent by which a letter was sent; the ledger is told as always."""
        self.ensure_one()
        campaign = self.campaign_id
        partner = self.env["res.partner"].browse(partner_id).exists()
        if partner:
            self.env["ekarte.consent"]._set(
                campaign.issuer_id, partner, {campaign.purpose_id.code: False}, "portal"
            )
