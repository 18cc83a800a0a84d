"""The ledger's schema, as seen from Odoo: brought up to date, never dropped."""

from odoo.exceptions import UserError

from ekarte_core import EkarteError, migrate

HELP = """\
The card ledger (schema "ekarte") is missing or behind, and Odoo's database role may \
not change it. As the role that owns it, run first:
python -m ekarte_core migrate --dsn DSN
python -m ekarte_core grant --dsn DSN --role %(role)s --for odoo

%(fault)s"""


def bring_ledger_up_to_date(env):
    """Migrate the ledger through the core; a UserError says what is to be run."""
    try:
        with env.cr.savepoint(flush=False):
            migrate(env.cr)
    except EkarteError as fault:
        role = env.cr.connection.info.user
        raise UserError(HELP % {"role": role, "fault": fault}) from fault
