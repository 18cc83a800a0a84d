"""The ledger set apart for one test, in its transaction: as on a copy of the ledger."""

import re

import psycopg2

from ekarte_core import is_copy, set_apart

OWNER_OF_LEDGER = """
SELECT pg_get_userbyid(nspowner), current_user
FROM pg_namespace WHERE nspname = 'ekarte'
"""
# Odoo's role may not do it, as in production: the owner lends its hand.
LEND = """
CREATE FUNCTION ekarte.by_owner(query text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN EXECUTE query; END'
"""
TAKE_BACK = "DROP FUNCTION IF EXISTS ekarte.by_owner(text)"
COMMENT = re.compile(r"--.*")


class ApartCase:
    """Mixed into a TransactionCase that has a network: `set_apart` from here on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.cr.execute(OWNER_OF_LEDGER)
        owner, mine = cls.env.cr.fetchone()
        cls.lent = owner != mine
        if cls.lent:
            cls._as_owner(owner, TAKE_BACK, LEND)
            cls.addClassCleanup(cls._as_owner, owner, TAKE_BACK)

    @classmethod
    def _as_owner(cls, owner, *queries):
        info = cls.env.cr.connection.info
        connection = psycopg2.connect(
            host=info.host, port=info.port, dbname=info.dbname, user=owner
        )
        connection.autocommit = True
        with connection.cursor() as cr:
            for query in queries:
                cr.execute(query)
        connection.close()

    def set_apart(self):
        """Do as `python -m ekarte_core apart --side odoo`; gone with the test."""
        self.env.flush_all()
        set_apart(ByOwner(self.env.cr) if self.lent else self.env.cr, "odoo")
        self.assertTrue(is_copy(self.env.cr))


class ByOwner:
    """A cursor whose DDL the ledger's owner runs, in the same transaction."""

    def __init__(self, cr):
        self._cr = cr
        self.fetchone, self.fetchall = cr.fetchone, cr.fetchall

    def execute(self, query, params=None):
        if COMMENT.sub("", query).split()[0] == "SELECT":
            self._cr.execute(query, params)
        else:
            self._cr.execute("SELECT ekarte.by_owner(%s)", [query])
