from odoo.tools import SQL

VIEWS_OF_THE_LEDGER = ("ekarte_offline_exception",)


def uninstall_hook(env):
    """Drop our windows on the ledger; the ledger itself is never ours to drop."""
    for view in VIEWS_OF_THE_LEDGER:
        env.cr.execute(SQL("DROP VIEW IF EXISTS %s", SQL.identifier(view)))
