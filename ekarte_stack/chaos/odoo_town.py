"""Runs inside Odoo: enters the town's terminals into the demo network.

``python -m ekarte_stack.chaos.odoo_town ODOO_CONF DATABASE``

The demo's gift card is the town's: same numbers, same limits. What the fault trials
need beside it are their own terminals, at a branch whose sales Odoo books.
"""

import importlib
import sys

from ekarte_stack.chaos import town

BRANCH = "G1"


def main(conf: str, database: str) -> None:
    """Enter them in one transaction, and publish."""
    config = importlib.import_module("odoo.tools").config
    config.parse_config(
        ["-c", conf, "-d", database, "--no-http", "--max-cron-threads=0"]
    )
    api = importlib.import_module("odoo.api")
    registry = importlib.import_module("odoo.modules.registry").Registry(database)
    with registry.cursor() as cursor:
        env = api.Environment(cursor, api.SUPERUSER_ID, {})
        branch = env["ekarte.branch"].search([("code", "=", BRANCH)])
        env["ekarte.terminal"].create(
            [
                {
                    "code": till.number,
                    "name": till.number,
                    "branch_id": branch.id,
                    "protocol": town.PROTOCOL[till.door],
                    "hold_s": till.hold_s,
                }
                for till in town.TILLS
            ]
        )
        env["ekarte.network"]._get()._publish()


if __name__ == "__main__":
    main(*sys.argv[1:3])
