"""Settlement documents as Odoo keeps them: accepted once, posted once."""

import hashlib
import json
import logging
from datetime import timezone

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError, ConcurrencyError, UserError, ValidationError
from odoo.tools import SQL

from ekarte_core import RequestInvalid, read_settlement

from ..in_companies import in_companies
from ..turn import seen_anew, take_turn

_logger = logging.getLogger(__name__)

# What may go wrong with posting and must not cost the document. Everything else
# (serialization failures above all) flies: Odoo retries or the sender does.
POSTING_PROBLEMS = (UserError, ValueError, psycopg2.IntegrityError, psycopg2.DataError)
FORMAT = 1
ACCOUNTANT = "ekarte_loyalty.ekarte_loyalty_group_accountant"
ADMINISTRATOR = "ekarte_loyalty.ekarte_loyalty_group_administrator"
GATEWAY = "ekarte_loyalty.group_gateway"


class EkarteSettlement(models.Model):
    _name = "ekarte.settlement"
    _description = "E-karte Settlement"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "ledger_id desc"
    _rec_names_search = ["ledger_id"]
    # Accountants only read settlements, and may still discuss them.
    _mail_post_access = "read"

    name = fields.Char(compute="_compute_name")
    ledger_id = fields.Integer(
        string="Number",
        required=True,
        readonly=True,
        help="The settlement's number in the card ledger.",
    )
    digest = fields.Char(required=True, readonly=True)
    body = fields.Text(
        string="Document",
        required=True,
        readonly=True,
        groups=ADMINISTRATOR,
        help="The document as it came; entries are posted from it.",
    )
    created_at = fields.Datetime(string="Built", required=True, readonly=True)
    cutoff = fields.Datetime(required=True, readonly=True)
    received_at = fields.Datetime(
        string="Received", required=True, readonly=True, default=fields.Datetime.now
    )
    network_version = fields.Integer(readonly=True, aggregator=None)
    first_day = fields.Date(string="Business Day", readonly=True)
    last_day = fields.Date(readonly=True)
    company_ids = fields.Many2many(
        "res.company", string="Companies", compute="_compute_company_ids", store=True
    )
    line_ids = fields.One2many("ekarte.settlement.line", "settlement_id", readonly=True)
    # Of all issuers together, so it is not for one issuer's accountants.
    operation_count = fields.Integer(
        string="Operations", compute="_compute_operation_count", groups=ADMINISTRATOR
    )
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("posted", "Posted"),
            ("reversed", "Reversed"),
        ],
        required=True,
        readonly=True,
        default="waiting",
        tracking=True,
        index=True,
    )
    reason = fields.Text(
        string="Waits Because", readonly=True, tracking=True, copy=False
    )
    posting_number = fields.Integer(
        default=1,
        readonly=True,
        help="Grows when a reversed settlement is posted anew.",
    )
    move_ids = fields.One2many(
        "account.move", "ekarte_settlement_id", string="Journal Entries", readonly=True
    )
    move_count = fields.Integer(compute="_compute_move_count")

    _ledger_id_uq = models.UniqueIndex(
        "(ledger_id)", "This settlement has been received already."
    )

    @api.depends("ledger_id")
    @api.depends_context("lang")
    def _compute_name(self):
        for settlement in self:
            settlement.name = self.env._(
                "Settlement %(number)s", number=settlement.ledger_id
            )

    @api.depends("line_ids.seller_id.company_id", "line_ids.issuer_id.company_id")
    def _compute_company_ids(self):
        for settlement in self:
            lines = settlement.line_ids
            settlement.company_ids = (
                lines.seller_id.company_id | lines.issuer_id.company_id
            )

    @api.depends("move_ids")
    @api.depends_context("uid")
    def _compute_move_count(self):
        # In every company that the user may enter, chosen at the moment or not.
        companies = self.env.user.company_ids
        counts = dict(
            self.env["account.move"]
            .sudo()
            ._read_group(
                [
                    ("ekarte_settlement_id", "in", self.ids),
                    ("company_id", "in", companies.ids),
                ],
                ["ekarte_settlement_id"],
                ["__count"],
            )
        )
        for settlement in self:
            settlement.move_count = counts.get(settlement, 0)

    def _compute_operation_count(self):
        self.env.cr.execute(
            SQL(
                "SELECT settlement_id, count(*) FROM ekarte.settlement_operation"
                " WHERE settlement_id = ANY(%s) GROUP BY settlement_id",
                self.mapped("ledger_id"),
            )
        )
        counts = dict(self.env.cr.fetchall())
        for settlement in self:
            settlement.operation_count = counts.get(settlement.ledger_id, 0)

    # Receiving

    @api.model
    def receive(self, document):
        """Take a settlement document and post it; the door of the JSON-2 API.

        Args:
            document: the settlement document, an object (docs/ACCOUNTING.md).

        Returns:
            {"id", "created", "state", "moves"}; `created` is false for a document
            that was here already. A document that cannot be posted is taken all the
            same and waits: then `state` is "waiting" and `moves` is empty.

        Raises:
            AccessError: the user is not the gateway (HTTP 403).
            ValidationError: malformed, or the same number with other content (422).
            ConcurrencyError: the same document came at the same instant and has been
                kept; Odoo asks again, and the answer is that one's.
        """
        if not self.env.user.has_group(GATEWAY):
            raise AccessError(
                self.env._("Only the E-karte gateway hands in settlements.")
            )
        return self.sudo()._take(document)

    @api.model
    def _take(self, document):
        """Keep the document, unless it is here, and post it; see `receive`."""
        if not isinstance(document, dict):
            raise ValidationError(
                self.env._("The settlement document must be a JSON object.")
            )
        body = json.dumps(
            document, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        )
        parsed = self._parsed(body, document)
        digest = hashlib.sha256(body.encode()).hexdigest()
        take_turn(self.env.cr, f"ekarte.settlement {parsed.id}")
        settlement = self.search([("ledger_id", "=", parsed.id)])
        created = not settlement
        if created:
            if seen_anew(self.env, "settlement", number=parsed.id):
                raise ConcurrencyError(f"settlement {parsed.id} has just been kept")
            settlement = self._keep(parsed, body, digest)
            settlement._try_posting()
        elif settlement.digest != digest:
            raise ValidationError(
                self.env._(
                    "Settlement %(number)s was received before with other content. "
                    "Nothing was changed.",
                    number=parsed.id,
                )
            )
        return {
            "id": settlement.id,
            "created": created,
            "state": settlement.state,
            "moves": settlement._current_moves().mapped("name"),
        }

    def _parsed(self, body, document):
        """Read a document, and refuse what could be understood in two ways."""
        try:
            parsed = read_settlement(body)
        except RequestInvalid as fault:
            raise self._malformed(str(fault)) from None
        unknown = set(document) - set(parsed.__struct_fields__)
        for line, given in zip(parsed.lines, document["lines"], strict=True):
            unknown |= set(given) - set(line.__struct_fields__)
        if unknown:
            # A misspelt field would silently count as absent.
            raise self._malformed(f"unknown field {', '.join(sorted(unknown))}")
        if parsed.format != FORMAT:
            raise self._malformed(f"$.format: {parsed.format} is not {FORMAT}")
        for field in ("created_at", "cutoff"):
            if not getattr(parsed, field).tzinfo:
                raise self._malformed(f"$.{field}: the time zone is missing")
        numbers = [line.line for line in parsed.lines]
        if len(set(numbers)) != len(numbers):
            raise self._malformed("$.lines: two lines carry the same number")
        return parsed

    def _malformed(self, fault):
        return ValidationError(
            self.env._("Settlement document: %(fault)s", fault=fault)
        )

    def _keep(self, parsed, body, digest):
        days = [line.day for line in parsed.lines]
        vals = {
            "ledger_id": parsed.id,
            "digest": digest,
            "body": body,
            "created_at": _naive_utc(parsed.created_at),
            "cutoff": _naive_utc(parsed.cutoff),
            "network_version": parsed.network_version,
            "first_day": min(days, default=False),
            "last_day": max(days, default=False),
            "line_ids": self.env["ekarte.settlement.line"]._commands(parsed.lines),
        }
        try:
            with self.env.cr.savepoint():
                return self.create(vals)
        except psycopg2.errors.UniqueViolation as clash:
            # The winner's row is not in our snapshot: only a new try will see it.
            raise ConcurrencyError(
                f"settlement {parsed.id} arrived twice at once"
            ) from clash

    # Posting

    def _try_posting(self):
        """Post the document, or let it wait with the reason; never half of it."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self._post_moves()
        except POSTING_PROBLEMS as problem:
            _logger.warning("settlement %s waits: %s", self.ledger_id, problem)
            self.write({"state": "waiting", "reason": str(problem)})
        else:
            self.write({"state": "posted", "reason": False})

    def _current_moves(self):
        """The entries of the latest posting, without reversed ones."""
        self.ensure_one()
        start = f"{self.ledger_id}/{self.posting_number}/"
        return self.move_ids.filtered(
            lambda move: (
                move.ekarte_key.startswith(start) and not move.reversed_entry_id
            )
        ).sorted("id")

    def action_retry(self):
        """Try again to post what waits."""
        self._check_accountant()
        waiting = self.filtered(lambda settlement: settlement.state == "waiting")
        waiting.lock_for_update()
        for settlement in waiting.sudo():
            settlement._try_posting()

    def action_post_again(self):
        """Post a reversed settlement anew, with the accounts as they are set now."""
        self._check_accountant()
        reversed_ones = self.filtered(lambda settlement: settlement.state == "reversed")
        reversed_ones.lock_for_update()
        for settlement in reversed_ones.sudo():
            settlement.posting_number += 1
            settlement._try_posting()

    @api.model
    def _cron_retry(self):
        """Try again to post every settlement that waits."""
        domain = [("state", "=", "waiting")]
        waiting = self.search(domain, order="ledger_id")
        self.env["ir.cron"]._commit_progress(remaining=len(waiting))
        for settlement in waiting:
            locked = settlement.try_lock_for_update().filtered_domain(domain)
            if locked:
                locked._try_posting()
            if not self.env["ir.cron"]._commit_progress(1):
                break

    # Reversing

    def action_reverse(self):
        """Ask for the date and the reason of a reversal."""
        self._check_accountant()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Reverse Settlement"),
            "res_model": "ekarte.settlement.reversal",
            "view_mode": "form",
            "target": "new",
            "context": {"default_settlement_ids": self.ids},
        }

    def _check_accountant(self):
        """Accountants act on settlements of companies they all may enter."""
        user = self.env.user
        if self.env.su or user.has_group(ADMINISTRATOR):
            return
        posts = user.has_group(ACCOUNTANT) and user.has_group(
            "account.group_account_invoice"
        )
        foreign = self.sudo().company_ids - user.company_ids
        if not posts or foreign:
            raise AccessError(
                self.env._(
                    "A settlement is posted and reversed as a whole, in every company "
                    "it concerns. Ask an E-karte administrator."
                )
            )

    # Looking behind

    def action_open_moves(self):
        """Open the journal entries of this settlement."""
        self.ensure_one()
        action = {
            "type": "ir.actions.act_window",
            "name": self.env._("Journal Entries"),
            "res_model": "account.move",
            "views": [
                (self.env.ref("account.view_move_tree").id, "list"),
                (False, "form"),
            ],
            "search_view_id": (self.env.ref("account.view_account_move_filter").id,),
            "domain": [("ekarte_settlement_id", "=", self.id)],
            "context": {"create": False},
        }
        return self._in_books(action)

    def _in_books(self, action):
        """Show the books of every company concerned that the user may enter."""
        mine = self.sudo().company_ids & self.env.user.company_ids
        return in_companies(action, mine.with_env(self.env))

    def action_open_operations(self):
        """Open the card operations that this settlement covers."""
        self.ensure_one()
        return self.env["ekarte.settlement.line"]._operations_action(
            [("settlement_line_id", "in", self.line_ids.ids)], self.name
        )


def _naive_utc(moment):
    """An aware moment as Odoo stores it."""
    return moment.astimezone(timezone.utc).replace(tzinfo=None)
