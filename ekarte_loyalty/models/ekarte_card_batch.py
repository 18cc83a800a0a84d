"""Batches of new cards: numbers of a range, exported for the printer."""

import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import (
    AccessError,
    ConcurrencyError,
    UserError,
    ValidationError,
)
from odoo.tools import consteq

from ekarte_core import CardRef

from ..card_sheet import write_sheet
from ..spreadsheet import write_csv
from ..turn import seen_anew, take_turn
from .own import without_defaults

ISSUER = "ekarte_loyalty.ekarte_loyalty_group_issuer"
BATCH_MAX = 10_000
SHEET_MAX = 2_000
CODE_DIGITS = 6
CHUNK = 200
EXPORT_BATCH = 3
"""The batch of all operations of exports: their numbers are made of the batch's."""
NUMBERS_EACH = 1_000_000
TICKET_LIVES = timedelta(minutes=5)


class EkarteCardBatch(models.Model):
    """So many numbers of a range, one after the other. What is kept is where in the
    range they begin: the numbers are made when they are exported."""

    _name = "ekarte.card.batch"
    _description = "Batch of Cards"
    _inherit = ["mail.thread"]
    _order = "id desc"

    name = fields.Char(compute="_compute_name")
    card_type_id = fields.Many2one(
        "ekarte.card.type", required=True, ondelete="restrict", tracking=True
    )
    issuer_id = fields.Many2one(
        related="card_type_id.issuer_id", store=True, index=True
    )
    company_id = fields.Many2one(related="issuer_id.company_id", store=True, index=True)
    range_id = fields.Many2one(
        "ekarte.card.range",
        "Number Range",
        required=True,
        ondelete="restrict",
        domain="[('card_type_id', '=', card_type_id), ('kind', '=', 'number')]",
    )
    start = fields.Integer("Place in the Range", readonly=True, copy=False)
    count = fields.Integer("Cards", required=True, default=100, tracking=True)
    with_codes = fields.Boolean(
        "With Access Codes",
        tracking=True,
        help="Each card is put into use with a random code. The codes stand in the one "
        "export and nowhere else: it can be made once.",
    )
    state = fields.Selection(
        [("draft", "Draft"), ("ready", "Numbered"), ("exported", "Exported")],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
    )
    export_ids = fields.One2many(
        "ekarte.card.batch.export", "batch_id", "Exports", readonly=True
    )
    # Of the download that a button has just allowed: once, and not for long.
    ticket = fields.Char(readonly=True, copy=False, groups="base.group_system")
    ticket_until = fields.Datetime(
        readonly=True, copy=False, groups="base.group_system"
    )

    _place_uniq = models.UniqueIndex(
        "(range_id, start) WHERE state <> 'draft'",
        "Another batch has begun here meanwhile: try again.",
    )

    @api.depends("card_type_id", "count")
    def _compute_name(self):
        for batch in self:
            batch.name = self.env._(
                "%(type)s: %(count)s cards",
                type=batch.card_type_id.name or "",
                count=batch.count,
            )

    @api.constrains("count", "range_id", "card_type_id", "with_codes")
    def _check_content(self):
        for batch in self:
            if not 0 < batch.count <= BATCH_MAX:
                raise ValidationError(
                    self.env._("A batch has 1 to %(most)s cards.", most=BATCH_MAX)
                )
            span = batch.range_id
            if span.card_type_id != batch.card_type_id or not span._size():
                raise ValidationError(
                    self.env._("Choose a range of digits of this card type.")
                )
            if batch.with_codes and batch.card_type_id.access_code == "none":
                raise ValidationError(
                    self.env._("Cards of this type are never asked for a code.")
                )

    def write(self, vals):
        content = {"card_type_id", "range_id", "count", "with_codes"} & set(vals)
        if content and any(batch.state != "draft" for batch in self):
            raise UserError(self.env._("Only a draft is changed; make another one."))
        if not self.env.su and {"state", "start", "ticket", "ticket_until"} & set(vals):
            raise AccessError(self.env._("This is noted by the buttons only."))
        return super().write(vals)

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any({"state", "start"} & set(v) for v in vals_list):
            raise AccessError(self.env._("A batch begins as a draft."))
        plain = self if self.env.su else without_defaults(self, {"state", "start"})
        return super(EkarteCardBatch, plain).create(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if any(batch.state != "draft" for batch in self):
            raise UserError(self.env._("Numbers that were given out stay so."))

    def action_number(self):
        """Take the next numbers of the range."""
        for batch in self:
            if batch.state != "draft":
                continue
            batch._check_staff()
            batch._take_turn()
            start, size = batch._first_free(), batch.range_id._size()
            if start + batch.count > size:
                raise UserError(
                    self.env._(
                        "The range has %(left)s numbers left.",
                        left=max(size - start, 0),
                    )
                )
            batch.sudo().write({"start": start, "state": "ready"})

    @api.model
    def _take_turn(self):
        """Let one number cards at a time, whatever the range: they may overlap.

        Who waited, or began before somebody else had finished, does not see that one's
        numbers: Odoo tries again, from the beginning.
        """
        take_turn(self.env.cr, "ekarte.card.batch")
        known = self.sudo().search([("state", "!=", "draft")])
        numbered = {batch_id for (batch_id,) in seen_anew(self.env, "numbered")}
        if numbered - set(known.ids):
            raise ConcurrencyError("others have numbered cards meanwhile")

    def _first_free(self):
        """Return the place after all that was given out, also of ranges that overlap:
        a number is one card, whoever prints it."""
        taken = self.sudo().search([("state", "!=", "draft")])
        spans = (one._ends() for one in taken if one.range_id._size())
        return max((self.range_id._places_before(*ends) for ends in spans), default=0)

    def _ends(self):
        """Return the lowest and the highest number."""
        span = self.range_id
        return span._number(self.start), span._number(self.start + self.count - 1)

    def _check_staff(self):
        mine = self.company_id in self.env.companies
        if not (mine and self.env.user.has_group(ISSUER)):
            raise AccessError(self.env._("Only the issuer's staff makes cards."))

    # Export

    def action_export_csv(self):
        return self._allow("csv")

    def action_export_pdf(self):
        return self._allow("pdf")

    def _allow(self, form):
        """Let this user's browser fetch the file, once: a link alone makes none."""
        self.ensure_one()
        self._check_export(form)
        ticket = secrets.token_urlsafe(24)
        until = fields.Datetime.now() + TICKET_LIVES
        self.sudo().write({"ticket": ticket, "ticket_until": until})
        return {
            "type": "ir.actions.act_url",
            "url": f"/ekarte/card-batch/{self.id}/{form}?ticket={ticket}",
            "target": "download",
        }

    def _check_export(self, form):
        self._check_staff()
        if self.state == "draft":
            raise UserError(self.env._("Number the cards first."))
        if form == "pdf" and self.with_codes:
            raise UserError(self.env._("Access codes go with the CSV."))
        if form == "pdf" and self.count > SHEET_MAX:
            raise UserError(
                self.env._("A PDF has at most %(most)s cards.", most=SHEET_MAX)
            )
        if self.with_codes and self.state == "exported":
            raise UserError(
                self.env._("The codes have been exported: they are kept nowhere.")
            )

    def _export(self, form, ticket):
        """Return the file, and note who has it; None where no button asked for it."""
        self.ensure_one()
        self.check_access("read")
        mine = self.sudo()
        if not (mine.ticket and ticket and consteq(mine.ticket, ticket)):
            return None
        if mine.ticket_until < fields.Datetime.now():
            return None
        self._check_export(form)
        cards = list(self.range_id._numbers(self.start, self.count))
        content = (
            write_sheet(self.card_type_id.name, self.issuer_id.name, cards)
            if form == "pdf"
            else self._csv(cards)
        )
        mine.write({"ticket": False, "state": "exported"})
        mine.export_ids.create(
            {"batch_id": self.id, "user_id": self.env.uid, "form": form}
        )
        return content

    def _csv(self, cards):
        if not self.with_codes:
            return write_csv([["number"], *([card] for card in cards)])
        codes = [f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}" for _ in cards]
        pairs = list(zip(cards, codes, strict=True))
        for start in range(0, len(pairs), CHUNK):
            self._open(pairs[start : start + CHUNK], start)
        return write_csv([["number", "access_code"], *([*pair] for pair in pairs)])

    def _open(self, pairs, start):
        """Put cards into use with their codes: the ledger keeps what checks them."""
        answers = (
            self.env["ekarte.desk"]
            .sudo()
            ._execute_many(
                self.issuer_id._back_office_id(),
                EXPORT_BATCH,
                [
                    {
                        "command": "activate",
                        "operation": self.id * NUMBERS_EACH + start + place,
                        "card": CardRef(kind="keyed", value=card),
                        "access_code": code,
                    }
                    for place, (card, code) in enumerate(pairs, start=1)
                ],
            )
        )
        refused = next((one for one in answers if one.rc != "00"), None)
        if refused is not None:
            raise UserError(
                self.env._(
                    "A number of this batch is in use already: %(why)s. Number another "
                    "batch.",
                    why=refused.message,
                )
            )
