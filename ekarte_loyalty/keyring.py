"""The keyring's place: a file outside the database, named by the environment."""

import os

from odoo.exceptions import UserError

from ekarte_core import KeyringInvalid, check_keys, load_keyring

VARIABLE = "EKARTE_KEYRING"

# Ledgers that this process has found to know the keys of: (database, file).
_checked: set[tuple[str, str]] = set()


def server_keyring(env):
    """Return the keyring of this server; a UserError says what the server lacks.

    Asked once for each file: whether it has the keys that the ledger's cards need.
    """
    path = os.environ.get(VARIABLE)
    if not path:
        raise UserError(
            env._(
                "This server has no keyring: set %(variable)s to its file and restart.",
                variable=VARIABLE,
            )
        )
    try:
        keyring = load_keyring(path)
        if (env.cr.dbname, path) not in _checked:
            check_keys(env.cr, keyring)
            _checked.add((env.cr.dbname, path))
    except (KeyringInvalid, OSError) as fault:
        raise UserError(
            env._("The keyring cannot be used: %(fault)s", fault=fault)
        ) from fault
    return keyring
