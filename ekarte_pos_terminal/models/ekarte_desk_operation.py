import hashlib
import json
from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError

from ekarte_core import Rc

KEPT_DAYS = 90
"""A dialog that was answered so long ago is not open any more."""


class EkarteDeskOperation(models.Model):
    """What a till asked of a card without a sale, so that it is done once.

    The dialog makes the key. A repeat gets the same answer, word by word: what was
    refused stays refused, and a new try has a new key.
    """

    _name = "ekarte.desk.operation"
    _description = "Operation of a Till without a Sale"
    _order = "id desc"
    _rec_name = "command"

    key = fields.Char(required=True, readonly=True)
    command = fields.Selection(
        [("check_in", "Check-in"), ("enroll", "Enrolment")],
        required=True,
        readonly=True,
    )
    config_id = fields.Many2one(
        "pos.config", "Till", required=True, ondelete="cascade", readonly=True
    )
    terminal = fields.Char(required=True, readonly=True)
    batch = fields.Integer(required=True, readonly=True)
    number = fields.Integer(required=True, readonly=True, aggregator=None)
    # A window on the ledger: no foreign key.
    card_id = fields.Many2one("ekarte.card", readonly=True)
    partner_id = fields.Many2one("res.partner", ondelete="set null", readonly=True)
    # Of what was asked; without numbers and codes.
    digest = fields.Char(required=True, readonly=True)
    answer = fields.Json(readonly=True, help="As the till got it, without names.")

    _key_uniq = models.UniqueIndex("(key)", "This key is taken.")

    @api.model
    def _once(self, config, key, command, card, asked, work):
        """Return the answer of a key; at its first time `work(row)` makes it.

        `work` returns an answer, or (answer, partner).
        """
        digest = self._digest(command, config.id, card and card.id, asked)
        row = self.search([("key", "=", key)])
        if row:
            return row._again(digest)
        row = self._first_time(
            {
                "key": key,
                "command": command,
                "config_id": config.id,
                "terminal": config._ekarte_terminal(),
                "batch": config.current_session_id._ekarte_batch(),
                "number": self.env["ekarte.desk"]._next_number(),
                "card_id": card and card.id,
                "digest": digest,
            }
        )
        answer, partner = work(row)
        row.write({"answer": answer, "partner_id": partner.id})
        return row._told()

    def _first_time(self, vals):
        try:
            with self.env.cr.savepoint():
                return self.create(vals)
        except UniqueViolation as fault:
            # Its other half has just been answered: ask again, in a new transaction.
            raise ConcurrencyError(self.env._("Asked twice at once.")) from fault

    def _again(self, digest):
        if self.digest == digest:
            return self._told()
        rc = Rc.DUPLICATE.value
        return {"rc": rc, "message": self.env._("This was asked for something else.")}

    def _told(self):
        """Return the kept answer, with the holder's name as it is now."""
        return {**self.answer, "holder": self.partner_id.name or ""}

    @api.model
    def _digest(self, *parts):
        text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    @api.autovacuum
    def _gc(self):
        before = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        self.search([("create_date", "<", before)]).unlink()
