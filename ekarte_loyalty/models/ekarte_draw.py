"""A lottery among an issuer's cards; the ledger keeps what must not change."""

from datetime import datetime, timezone
from hashlib import sha256

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import LazyTranslate

from ekarte_core import (
    CardRef,
    DrawRefused,
    DrawTerms,
    KeyringInvalid,
    Prize,
    draw_pseudonym,
    draw_winners,
    freeze_draw,
    open_draw,
    read_draw,
    winning_cards,
)

from ..keyring import server_keyring
from ..ledger import writing_the_ledger
from .own import without_defaults

_lt = LazyTranslate(__name__)

TICKETS_BY = "purchase_accounting"
STATES = [
    ("draft", "Draft"),
    ("open", "Announced"),
    ("frozen", "List Frozen"),
    ("drawn", "Drawn"),
]
PRIZES_MAX = 1000
# By its number the ledger knows a draw, whoever asks: nobody types another one's.
BY_STEPS = {
    *("state", "number", "opened_at", "frozen_at", "drawn_at"),
    *("card_count", "ticket_count", "winner_ids"),
}

SENTENCES = {
    "a draw of this name has other terms": _lt(
        "The ledger has a draw of this name with other terms: choose another name."
    ),
    "an hour after the last day's end at the earliest": _lt(
        "The list can be frozen an hour after the end of the last day, when all that"
        " was bought has come in."
    ),
    "the keyring's key is not the one it was opened with": _lt(
        "This server's keyring lacks the key that the draw was announced with: put it"
        " back, the draw cannot go on without it."
    ),
    "its list is not what was frozen": _lt(
        "The list in the ledger is not the one that was frozen. Somebody has changed"
        " the database: do not draw, and call who runs it."
    ),
}


class EkarteDraw(models.Model):
    _name = "ekarte.draw"
    _description = "Draw"
    _inherit = ["mail.thread"]
    _order = "last_day desc, id desc"

    name = fields.Char(required=True, tracking=True, help="As customers read it.")
    program_id = fields.Many2one(
        "ekarte.program",
        "Tickets From",
        required=True,
        ondelete="restrict",
        index=True,
        domain=[("kind", "=", TICKETS_BY), ("ticket_per", ">", 0)],
        help="Purchase accounting that gives a ticket for each whole sum.",
    )
    issuer_id = fields.Many2one(related="program_id.issuer_id", store=True, index=True)
    company_id = fields.Many2one(related="issuer_id.company_id", store=True)
    first_day = fields.Date(required=True, tracking=True)
    last_day = fields.Date(required=True, tracking=True)
    prize_ids = fields.One2many("ekarte.draw.prize", "draw_id", "Prizes", copy=True)
    note = fields.Html("Text for the Page", translate=True)
    state = fields.Selection(
        STATES,
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    published = fields.Boolean("On the Public Page", copy=False, tracking=True)
    public_url = fields.Char("Public Page", compute="_compute_public_url")
    number = fields.Integer(readonly=True, copy=False)
    opened_at = fields.Datetime("Announced", readonly=True, copy=False)
    frozen_at = fields.Datetime("Frozen", readonly=True, copy=False)
    drawn_at = fields.Datetime("Drawn", readonly=True, copy=False)
    card_count = fields.Integer("Cards", readonly=True, copy=False)
    ticket_count = fields.Integer("Tickets", readonly=True, copy=False)
    winner_ids = fields.One2many(
        "ekarte.draw.winner", "draw_id", "Winners", readonly=True, copy=False
    )
    # From the ledger each time: what is shown is what can be proven.
    commitment = fields.Char(compute="_compute_documents", compute_sudo=True)
    list_sha256 = fields.Char(
        "SHA-256 of the List", compute="_compute_documents", compute_sudo=True
    )
    list_text = fields.Text("List", compute="_compute_documents", compute_sudo=True)
    result_text = fields.Text("Result", compute="_compute_documents", compute_sudo=True)

    _name_uniq = models.UniqueIndex(
        "(issuer_id, name)", "This issuer has a draw of this name."
    )
    _days_ck = models.Constraint(
        "CHECK (first_day <= last_day)", "The first day is not after the last."
    )

    @api.depends("number")
    def _compute_public_url(self):
        for draw in self:
            path = f"/draws/{draw.id}" if draw.number else ""
            draw.public_url = path and draw.get_base_url() + path

    @api.depends("number", "state")
    def _compute_documents(self):
        for draw in self:
            known = read_draw(self.env.cr, draw.number) if draw.number else None
            listed = known and known.listed
            draw.commitment = known and known.commitment.hex()
            draw.list_text = listed
            draw.list_sha256 = listed and sha256(listed.encode()).hexdigest()
            draw.result_text = known and known.result

    @api.constrains("prize_ids")
    def _check_prizes(self):
        for draw in self:
            if sum(draw.prize_ids.mapped("count")) > PRIZES_MAX:
                raise ValidationError(
                    self.env._("A draw has at most %s prizes.", PRIZES_MAX)
                )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any(BY_STEPS & set(vals) for vals in vals_list):
            raise AccessError(self.env._("This is noted by the buttons only."))
        plain = self if self.env.su else without_defaults(self, BY_STEPS)
        return super(EkarteDraw, plain).create(vals_list)

    def write(self, vals):
        if not self.env.su and BY_STEPS & set(vals):
            raise AccessError(self.env._("This is noted by the buttons only."))
        fixed = {"name", "program_id", "first_day", "last_day", "prize_ids"} & set(vals)
        if fixed:
            self._check_terms_open()
        return super().write(vals)

    def _check_terms_open(self):
        """Refuse a change of what was announced."""
        if any(draw.state != "draft" for draw in self):
            raise UserError(
                self.env._(
                    "What was announced cannot be changed: name, program, days and"
                    " prizes stay as they are."
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_announced(self):
        if any(draw.state != "draft" for draw in self):
            raise UserError(
                self.env._("A draw that was announced is in the ledger for ever.")
            )

    # Steps

    def action_open(self):
        """Announce: terms and commitment are fixed."""
        self._check_step("draft")
        for draw in self:
            network = self.env["ekarte.desk"]._network()
            if draw.program_id.code not in network.programs:
                raise UserError(
                    self.env._(
                        "Publish the network first: terminals do not know the program"
                        " %s yet.",
                        draw.program_id.name,
                    )
                )
            number = draw._take_step(
                open_draw, server_keyring(self.env), network, draw._terms(), self._now()
            )
            draw.sudo().write(
                {
                    "number": number,
                    "state": "open",
                    "opened_at": fields.Datetime.now(),
                }
            )

    def action_freeze(self):
        """Fix who takes part, with how many tickets."""
        self._check_step("open")
        for draw in self:
            network = self.env["ekarte.desk"]._network()
            listed = draw._take_step(
                freeze_draw,
                *(server_keyring(self.env), network, draw.number, self._now()),
            )
            head = dict(
                line.split(" ", 1) for line in listed.partition("\n\n")[0].splitlines()
            )
            draw.sudo().write(
                {
                    "state": "frozen",
                    "frozen_at": fields.Datetime.now(),
                    "card_count": int(head["cards"]),
                    "ticket_count": int(head["tickets"]),
                }
            )

    def action_draw(self):
        """Reveal the seed, and with it who wins."""
        self._check_step("frozen")
        for draw in self:
            keyring = server_keyring(self.env)
            draw._take_step(draw_winners, keyring, draw.number, self._now())
            found = draw._take_step(winning_cards, keyring, draw.number)
            draw.sudo().write(
                {
                    "state": "drawn",
                    "drawn_at": fields.Datetime.now(),
                    "winner_ids": [
                        Command.create(
                            {
                                "place": winner.place,
                                "prize": winner.prize,
                                "pseudonym": winner.pseudonym,
                                "card_id": winner.card_ids[0],
                            }
                        )
                        for winner in found
                    ],
                }
            )

    def action_publish(self):
        """Show the page to everybody, or take it away."""
        self.check_access("write")
        for draw in self:
            if draw.state == "draft":
                raise UserError(self.env._("Announce the draw before you publish it."))
            draw.published = not draw.published

    def action_open_page(self):
        """Open the page as everybody sees it; unpublished for the own people only."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": f"/draws/{self.id}"}

    def _check_step(self, state):
        """Refuse a step out of order; two who press at once take turns."""
        self.check_access("write")
        self.lock_for_update()
        self.invalidate_recordset(["state"])
        if any(draw.state != state for draw in self):
            raise UserError(
                self.env._("Somebody has taken this step already: load the page anew.")
            )

    def _take_step(self, step, *arguments):
        """Take one step in the ledger; a refusal says what to do."""
        try:
            with writing_the_ledger(self.env):
                return step(self.env.cr, *arguments)
        except DrawRefused as fault:
            sentence = SENTENCES.get(str(fault))
            raise UserError(str(sentence or fault)) from fault
        except KeyringInvalid as fault:
            raise UserError(
                self.env._("The keyring cannot be used: %(fault)s", fault=fault)
            ) from fault

    def _terms(self):
        self.ensure_one()
        return DrawTerms(
            issuer=self.issuer_id.code,
            name=self.name.strip(),
            program=self.program_id.code,
            first_day=self.first_day,
            last_day=self.last_day,
            prizes=tuple(
                Prize(prize.name.strip(), prize.count) for prize in self.prize_ids
            ),
        )

    @api.model
    def _now(self):
        return datetime.now(timezone.utc)

    # The public page

    def _public_head(self):
        """Return (key, value) of the frozen list's head."""
        head = (self.list_text or "").partition("\n\n")[0].splitlines()
        return [tuple(line.split(" ", 1)) for line in head]

    def _own_lines(self, partner):
        """Return {pseudonym: tickets} of a partner's cards in the frozen list."""
        self.ensure_one()
        if not partner or not self.list_text:
            return {}
        rows = self.list_text.partition("\n\n")[2].splitlines()
        tickets = dict(row.split(" ") for row in rows)
        held = self.env["ekarte.holder"].search(
            [("partner_id", "=", partner.id), ("issuer_id", "=", self.issuer_id.id)]
        )
        names = {
            draw_pseudonym(
                self.env.cr,
                server_keyring(self.env),
                self.number,
                CardRef(kind="ledger", value=str(card.id)),
            )
            for card in held.card_id
        }
        return {name: int(tickets[name]) for name in names if name in tickets}
