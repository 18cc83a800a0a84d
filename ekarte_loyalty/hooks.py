from odoo.tools import SQL

from .ledger import bring_ledger_up_to_date

VIEWS_OF_THE_LEDGER = (
    "ekarte_card",
    "ekarte_entry",
    "ekarte_exposure",
    "ekarte_hold",
    "ekarte_lot",
    "ekarte_membership",
    "ekarte_network_version",
    "ekarte_notice",
    "ekarte_operation",
    "ekarte_purse",
    "ekarte_statement",
    "ekarte_voucher",
)


def pre_init_hook(env):
    """Make sure that the ledger's schema is there and as new as this code needs."""
    bring_ledger_up_to_date(env)


def uninstall_hook(env):
    """Drop our windows on the ledger; the ledger itself is never ours to drop."""
    for view in VIEWS_OF_THE_LEDGER:
        env.cr.execute(SQL("DROP VIEW IF EXISTS %s", SQL.identifier(view)))
