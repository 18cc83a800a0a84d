from datetime import datetime, timezone

from odoo import api, models
from odoo.exceptions import UserError

from ekarte_core import (
    CardRef,
    NetworkMissing,
    Request,
    RequestInvalid,
    check_request,
    current_network,
    decode_answer,
    execute,
    network_key,
)

from ..keyring import server_keyring
from ..ledger import doubt_is_told, writing_the_ledger

# What an operation may have changed; read anew after each.
LEDGER_MODELS = (
    *("ekarte.card", "ekarte.membership", "ekarte.operation", "ekarte.purse"),
    *("ekarte.lot", "ekarte.voucher", "ekarte.statement", "ekarte.entry"),
    *("ekarte.hold",),
)

# The compiled network of each database under its key: reading it takes longer than most
# operations do.
_networks = {}


class EkarteDesk(models.AbstractModel):
    """Where Odoo itself stands before the ledger: back office, till, sales order.

    Operations run in the transaction at hand: they are booked if it commits, and are
    not if it does not. Terminals of Odoo have protocol `odoo` and may name a card by
    its ledger id, so that no number is kept here.
    """

    _name = "ekarte.desk"
    _description = "Desk of Odoo at the Card Ledger"

    @api.model
    def _network(self):
        """Return the network that decides now."""
        key = network_key(self.env.cr)
        known_key, known = _networks.get(self.env.cr.dbname, (None, None))
        if known_key != key:
            try:
                known = current_network(self.env.cr)
            except NetworkMissing as fault:
                raise UserError(
                    self.env._("The network has not been published yet.")
                ) from fault
            _networks[self.env.cr.dbname] = (key, known)
        return known

    @api.model
    def _next_number(self):
        """Return an operation number that no desk of this database has used."""
        sequence = self.env["ir.sequence"].sudo()
        return int(sequence.next_by_code("ekarte.back.office"))

    @api.model
    def _language(self, partner=None):
        """Return the two letters of a partner's language, else of the user's."""
        lang = (partner and partner.lang) or self.env.lang or ""
        return lang[:2]

    @api.model
    def _execute(self, command, terminal, **parts):
        """Execute one command; return (number, Answer). See ekarte_core.Request.

        Read-only commands (inquire, echo, status) have no number.
        """
        parts.setdefault("slip", "none")
        parts.setdefault("language", self._language())
        number = parts.pop("operation", None) or self._next_number()
        request = Request(command=command, terminal=terminal, operation=number, **parts)
        (answer,) = self._run([request])
        return number, answer

    @api.model
    def _execute_many(self, terminal, batch, commands):
        """Execute commands with their own numbers, at most some hundred at a time.

        Returns their Answers, in the same order.
        """
        language = self._language()
        return self._run(
            [
                Request(
                    terminal=terminal,
                    batch=batch,
                    slip="none",
                    language=language,
                    **parts,
                )
                for parts in commands
            ]
        )

    @api.model
    def _run(self, requests):
        try:
            for request in requests:
                check_request(request)
        except RequestInvalid as fault:
            raise UserError(str(fault)) from fault
        self.env.flush_all()
        doubt_is_told(self.env)
        with writing_the_ledger(self.env):
            outcomes = execute(
                self.env.cr,
                requests,
                self._network(),
                server_keyring(self.env),
                datetime.now(timezone.utc),
            )
        for model in LEDGER_MODELS:
            self.env[model].invalidate_model(flush=False)
        return [decode_answer(outcome.answer) for outcome in outcomes]

    @api.model
    def _try(self, command, terminal, **parts):
        """Return the Answer that a command would get, and leave nothing behind."""
        with self.env.cr.savepoint() as savepoint:
            _number, answer = self._execute(command, terminal, **parts)
            savepoint.rollback()
        return answer

    @api.model
    def _by_id(self, card_id):
        """Return a card of the ledger as a request names it."""
        return CardRef(kind="ledger", value=str(int(card_id)))
