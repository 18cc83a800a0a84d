"""The keyring's place: a file outside the database, named by the environment."""

import os

from odoo.exceptions import UserError

from ekarte_core import KeyringInvalid, load_keyring

VARIABLE = "EKARTE_KEYRING"


def server_keyring(env):
    """Return the keyring of this server; a UserError says what the server lacks."""
    path = os.environ.get(VARIABLE)
    if not path:
        raise UserError(
            env._(
                "This server has no keyring: set %(variable)s to its file and restart.",
                variable=VARIABLE,
            )
        )
    try:
        return load_keyring(path)
    except (KeyringInvalid, OSError) as fault:
        raise UserError(
            env._("The keyring cannot be used: %(fault)s", fault=fault)
        ) from fault
