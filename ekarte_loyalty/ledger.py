"""The ledger's schema, as seen from Odoo: brought up to date, never dropped."""

from contextlib import contextmanager

from psycopg2.errors import ReadOnlySqlTransaction

from odoo.exceptions import UserError

from ekarte_core import CommitInDoubt, EkarteError, check_commit, is_copy, migrate

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


def doubt_is_told(env):
    """See to it that nothing is told as done that one machine alone may know.

    To Odoo, a commit whose wait for a synchronous standby was cancelled is a success.
    Whoever is told of the doubt asks again, and the repeat waits for the standby.
    """
    notices = env.cr.connection.notices

    def committing():
        del notices[:]

    def committed():
        try:
            check_commit(notices)
        except CommitInDoubt as fault:
            raise UserError(
                env._(
                    "The second database has not confirmed this yet. Do it once more: "
                    "what is booked already is not booked twice."
                )
            ) from fault

    env.cr.precommit.add(committing)
    env.cr.postcommit.add(committed)


@contextmanager
def writing_the_ledger(env):
    """Say it in words where Odoo has only a copy of the ledger to read."""
    try:
        yield
    except ReadOnlySqlTransaction as fault:
        if env.cr.readonly:
            raise  # a cursor on a standby: Odoo asks again on one that may write
        raise _only_a_copy(env) from fault


def check_ledger_is_here(env):
    """Say it before something is begun that this Odoo could not end."""
    if is_copy(env.cr):
        raise _only_a_copy(env)


def _only_a_copy(env):
    return UserError(
        env._(
            "This Odoo has a copy of the card ledger to read. What changes a card "
            "is done at a terminal, through a gateway."
        )
    )
