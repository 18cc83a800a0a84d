"""A letter to a segment, and what it did: some who were meant get none, to compare."""

import math

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_amount, hmac

from .ekarte_segment import partners_of
from .own import check_still_own

ISSUER = "ekarte_loyalty.ekarte_loyalty_group_issuer"
# Below it a mean says nothing of those who are not in the group.
COMPARED_LEAST = 30


class EkarteCampaign(models.Model):
    """Written by an issuer, sent by Odoo's mailings: one for each letter's language.

    The mailings are made and sent in sudo: an issuer's employee needs, and gets, no
    rights on mailing lists and mailings, which know no companies.
    """

    _name = "ekarte.campaign"
    _description = "Campaign"
    _inherit = ["mail.thread"]
    _order = "id desc"

    name = fields.Char(required=True, tracking=True)
    issuer_id = fields.Many2one(
        "ekarte.issuer",
        required=True,
        ondelete="cascade",
        index=True,
        default=lambda self: self.env["ekarte.issuer"]._default_issuer(),
    )
    company_id = fields.Many2one(related="issuer_id.company_id", store=True)
    segment_id = fields.Many2one(
        "ekarte.segment", "To Whom", required=True, ondelete="restrict", tracking=True
    )
    purpose_id = fields.Many2one(
        "ekarte.consent.purpose",
        "By Consent To",
        required=True,
        ondelete="restrict",
        tracking=True,
        help="Only who has consented to this purpose, and not withdrawn it, is written"
        " to.",
    )
    hold_out = fields.Integer(
        "Hold Out, %",
        default=10,
        tracking=True,
        help="So many of those who are meant get no letter, by chance: what they buy"
        " shows what the others would have bought anyway.",
    )
    days = fields.Integer(
        "Days to Look At",
        default=30,
        tracking=True,
        help="Purchases are counted so many days after the letter, and before it.",
    )
    send_at = fields.Datetime("Send On", help="Empty: at once.", copy=False)
    letter_ids = fields.One2many(
        "ekarte.campaign.letter", "campaign_id", "Letters", copy=True
    )
    state = fields.Selection(
        [("draft", "Draft"), ("sent", "Sent"), ("stopped", "Stopped")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    started_day = fields.Date("Sent On", readonly=True, copy=False)
    member_ids = fields.One2many(
        "ekarte.campaign.member", "campaign_id", "Customers", readonly=True
    )
    effect_ids = fields.One2many("ekarte.campaign.effect", "campaign_id", readonly=True)
    meant_count = fields.Integer("Customers Meant", compute="_compute_counts")
    mailed_count = fields.Integer("Get the Letter", compute="_compute_counts")
    held_count = fields.Integer("Held Out", compute="_compute_counts")
    opened_count = fields.Integer(
        "Opened", compute="_compute_opened_count", compute_sudo=True
    )
    effect_text = fields.Char("In Short", compute="_compute_effect_text")

    _hold_out_ck = models.Constraint(
        "CHECK (hold_out BETWEEN 0 AND 90)", "Hold out 0 to 90 percent."
    )
    _days_ck = models.Constraint(
        "CHECK (days BETWEEN 1 AND 366)", "Look at 1 to 366 days."
    )

    @api.constrains("segment_id", "purpose_id", "issuer_id")
    def _check_own(self):
        for campaign in self:
            owners = campaign.segment_id.issuer_id | campaign.purpose_id.issuer_id
            if owners != campaign.issuer_id:
                raise ValidationError(
                    self.env._("Segment and purpose are the campaign's own issuer's.")
                )
            if not campaign.purpose_id.for_mailing:
                raise ValidationError(
                    self.env._("This purpose is not for greetings and mailings.")
                )

    def write(self, vals):
        fixed = {"issuer_id", "segment_id", "purpose_id", "hold_out", "days"}
        if fixed & vals.keys() and self.filtered(lambda one: one.state != "draft"):
            raise UserError(
                self.env._("A campaign that was sent stays as it was sent.")
            )
        done = super().write(vals)
        check_still_own(self)
        return done

    @api.ondelete(at_uninstall=False)
    def _unlink_draft(self):
        if self.filtered(lambda one: one.state != "draft"):
            raise UserError(self.env._("A campaign that was sent is kept."))

    @api.depends("state", "segment_id", "purpose_id", "member_ids.hold_out")
    def _compute_counts(self):
        counts = {
            (campaign.id, held): count
            for campaign, held, count in self.env["ekarte.campaign.member"]._read_group(
                [("campaign_id", "in", self.ids)],
                ["campaign_id", "hold_out"],
                ["__count"],
            )
        }
        for campaign in self:
            campaign.mailed_count = counts.get((campaign.id, False), 0)
            campaign.held_count = counts.get((campaign.id, True), 0)
            campaign.meant_count = campaign.mailed_count + campaign.held_count

    def _compute_opened_count(self):
        for campaign in self:
            mailings = campaign.letter_ids.mailing_id
            campaign.opened_count = sum(mailings.mapped("opened"))

    # Who is meant

    def _reachable_domain(self):
        """Return whom the issuer may write to now, as a domain on res.partner."""
        self.ensure_one()
        return self._may_be_written_to(self.purpose_id)

    @api.model
    def _may_be_written_to(self, purpose):
        """Return who has an address, is not blacklisted and consents to the purpose.

        Args:
            purpose: may be empty: what needs no consent.
        """
        domain = Domain("email_normalized", "!=", False) & Domain(
            "is_blacklisted", "=", False
        )
        if purpose:
            domain &= Domain("id", "in", partners_of("consented", purpose=purpose.id))
        return domain

    def _meant(self):
        """Return who would be a member if the campaign were sent now."""
        self.ensure_one()
        return (
            self.env["res.partner"]
            .sudo()
            .search(self.segment_id._partner_domain() & self._reachable_domain())
        )

    def action_check(self):
        """Say how many are meant, before anything is sent."""
        self.ensure_one()
        meant = self._meant()
        held = len(self._held_out(meant))
        message = self.env._(
            "%(mailed)s customers would get the letter, %(held)s would be held out.",
            mailed=len(meant) - held,
            held=held,
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "info", "message": message},
        }

    def _held_out(self, partners):
        """Choose who gets no letter: by chance, but each time the same ones.

        By a digest with the database's own key, so that nobody can choose a contact
        into the group or out of it.
        """
        count = (len(partners) * self.hold_out + 50) // 100
        by_digest = sorted(
            partners.ids,
            key=lambda id_: hmac(self.env(su=True), "ekarte-hold-out", (self.id, id_)),
        )
        return set(by_digest[:count])

    # Sending

    def action_send(self):
        """Fix who is meant, and hand the letters to Odoo's mailings."""
        if not self.env.user.has_group(ISSUER):
            raise AccessError(self.env._("Only issuers send campaigns."))
        self.check_access("write")
        for campaign in self:
            campaign._send()

    def _send(self):
        if self.state != "draft":
            raise UserError(self.env._("This campaign was sent already."))
        if not self.letter_ids:
            raise UserError(self.env._("Write a letter first."))
        # Nobody sends it a second time meanwhile.
        self.lock_for_update()
        meant = self._meant()
        held = self._held_out(meant)
        if len(meant) == len(held):
            raise UserError(
                self.env._(
                    "Nobody is left to write to: the segment is empty, or nobody in it"
                    " has consented and has an address."
                )
            )
        moment = max(self.send_at or fields.Datetime.now(), fields.Datetime.now())
        zone = self.issuer_id.branch_ids[:1].time_zone or "UTC"
        local = fields.Datetime.context_timestamp(self.with_context(tz=zone), moment)
        self.sudo().write({"state": "sent", "started_day": local.date()})
        self.env["ekarte.campaign.member"].sudo().create(
            [
                {
                    "campaign_id": self.id,
                    "partner_id": partner.id,
                    "hold_out": partner.id in held,
                    "letter_id": self._letter_for(partner).id,
                }
                for partner in meant
            ]
        )
        for letter in self.letter_ids:
            letter.sudo()._hand_over(self.send_at)

    def _letter_for(self, partner):
        """Return the letter in the partner's language, else the first one."""
        own = self.letter_ids.filtered(lambda letter: letter.lang == partner.lang)
        return own[:1] or self.letter_ids[:1]

    def action_stop(self):
        """Take back what has not left the house yet."""
        self.check_access("write")
        for campaign in self.sudo():
            waiting = campaign.letter_ids.mailing_id.filtered(
                lambda one: one.state == "in_queue"
            )
            waiting.action_cancel()
            campaign.state = "stopped"

    # What it did

    @api.depends("effect_ids")
    @api.depends_context("lang")
    def _compute_effect_text(self):
        for campaign in self:
            by_side = {row.side: row for row in campaign.effect_ids}
            got, held = by_side.get("with"), by_side.get("without")
            if not got or not held:
                campaign.effect_text = False
                continue
            told = self._compared(got, held), self._doubted(got, held)
            campaign.effect_text = " ".join(filter(None, told))

    def _doubted(self, got, held):
        """Say that it may be chance, where it may: nobody should pay for that."""
        if min(got.customers, held.customers) < COMPARED_LEAST:
            return self.env._(
                "Groups of fewer than %(least)s customers tell nothing: this may be"
                " chance.",
                least=COMPARED_LEAST,
            )
        chance = math.hypot(got.chance_each, held.chance_each)
        if abs(got.amount_each - held.amount_each) > chance:
            return ""
        return self.env._(
            "In groups of this size differences of up to %(chance)s come by chance.",
            chance=format_amount(self.env, chance, got.currency_id),
        )

    def _compared(self, got, held):
        more = got.amount_each - held.amount_each
        values = {
            "got": format_amount(self.env, got.amount_each, got.currency_id),
            "held": format_amount(self.env, held.amount_each, held.currency_id),
            "more": format_amount(self.env, abs(more), got.currency_id),
        }
        if more >= 0:
            return self.env._(
                "With the letter each bought for %(got)s, without it for %(held)s:"
                " %(more)s more.",
                **values,
            )
        return self.env._(
            "With the letter each bought for %(got)s, without it for %(held)s:"
            " %(more)s less.",
            **values,
        )
