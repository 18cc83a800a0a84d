"""Settlements make clearing lines as they are posted, and take them back."""

import hashlib
import hmac

from odoo import api, models
from odoo.tools import SQL, file_open

from ekarte_core import claims, read_settlement

FOLDER = "ekarte_loyalty/sql/clearing"
SHA256_BLOCK_BYTES = 64
INNER_PAD, OUTER_PAD = 0x36, 0x5C


class EkarteSettlement(models.Model):
    _inherit = "ekarte.settlement"

    def _post_moves(self):
        moves = super()._post_moves()
        self._add_clearing_lines()
        return moves

    def _reverse(self, date, reason):
        result = super()._reverse(date, reason)
        self.env["ekarte.clearing.line"]._run(
            "reverse_lines",
            settlement=self.id,
            posting_number=self.posting_number,
            uid=self.env.uid,
        )
        return result

    def _add_clearing_lines(self):
        """Write what this document makes issuers owe each other, one row a side."""
        self.ensure_one()
        found = claims(read_settlement(self.body))
        if not found:
            return
        Line = self.env["ekarte.clearing.line"]
        Line._set_token_keys()
        Line._run(
            "add_lines",
            settlement=self.id,
            numbers=[claim.line for claim in found],
            creditors=[claim.creditor for claim in found],
            debtors=[claim.debtor for claim in found],
            amounts=[claim.amount for claim in found],
            uid=self.env.uid,
        )

    @api.model
    def _fill_up_clearing(self):
        """Lines of settlements that were posted before there were any."""
        rows = self.env["ekarte.clearing.line"]._run("without_lines")
        for settlement in self.browse(key for (key,) in rows):
            settlement._add_clearing_lines()


class EkarteClearingLine(models.Model):
    _inherit = "ekarte.clearing.line"

    def init(self):
        """After an update: what was posted before has lines too."""
        super().init()
        self.env.registry.post_init(self.env["ekarte.settlement"]._fill_up_clearing)

    @api.model
    def _run(self, name, **values):
        """Run a query of sql/clearing: rows of a SELECT, the count of what changed.

        Lines come by the million: what touches them all is one statement.
        """
        with file_open(f"{FOLDER}/{name}.sql") as file:
            query = SQL(file.read(), **values)
        self.env.flush_all()
        self.env.cr.execute(query)
        if self.env.cr.description:
            return self.env.cr.fetchall()
        self.env["ekarte.clearing.line"].invalidate_model()
        return self.env.cr.rowcount

    @api.model
    def _token_key(self):
        """The key of card tokens: this database's, and for nothing else."""
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        return hmac.digest(secret.encode(), b"ekarte clearing tokens", hashlib.sha256)

    @api.model
    def _set_token_keys(self):
        """Hand PostgreSQL the two halves of HMAC's key, for this transaction.

        By a setting, not as values of the query: a query that fails is logged.
        """
        block = self._token_key().ljust(SHA256_BLOCK_BYTES, b"\0")
        for name, pad in (("inner", INNER_PAD), ("outer", OUTER_PAD)):
            self.env.execute_query(
                SQL(
                    "SELECT set_config(%s, %s, true)",
                    f"ekarte.token_{name}",
                    bytes(byte ^ pad for byte in block).hex(),
                )
            )

    @api.model
    def _token(self, issuer_code, card_id):
        """What stands for a card in the lines of one issuer."""
        text = f"{issuer_code}/{card_id}".encode()
        return hmac.digest(self._token_key(), text, hashlib.sha256).hex()[:12]
