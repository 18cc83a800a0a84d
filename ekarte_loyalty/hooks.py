from odoo.exceptions import UserError
from odoo.tools import SQL

from ekarte_core import SchemaBehind, migrate

VIEWS_OF_THE_LEDGER = (
    "ekarte_card",
    "ekarte_entry",
    "ekarte_hold",
    "ekarte_membership",
    "ekarte_network_version",
    "ekarte_operation",
    "ekarte_purse",
)


def pre_init_hook(env):
    """Make sure that the ledger's schema is there and as new as this code needs."""
    try:
        with env.cr.savepoint():
            migrate(env.cr)
    except SchemaBehind as fault:
        raise UserError(
            env._(
                "The card ledger (schema “ekarte”) is missing or behind, and Odoo's"
                " database role may not change it. As its owner, run first:\n"
                "python -m ekarte_core migrate --dsn DSN\n"
                "python -m ekarte_core grant --dsn DSN --role %(role)s --for odoo\n\n"
                "%(fault)s",
                role=env.cr.connection.info.user,
                fault=fault,
            )
        ) from fault


def uninstall_hook(env):
    """Drop our windows on the ledger; the ledger itself is never ours to drop."""
    for view in VIEWS_OF_THE_LEDGER:
        env.cr.execute(SQL("DROP VIEW IF EXISTS %s", SQL.identifier(view)))
