"""Runs inside Odoo: puts together the scripts and styles of the pages that tests open.

``python -m ekarte_stack.assets ODOO_CONF DATABASE``

Odoo keeps them with the database when a page first asks for them. A test class takes
back all it wrote, so that each one would put them together again, for seconds. Odoo's
own test runner does this too before its first browser, for all pages there are.
"""

import importlib
import sys

# A bundle that is missing here costs each test class some time and nothing else.
BUNDLES = (
    "web.assets_web",
    "web.assets_web_print",
    "web.assets_frontend",
    "web.assets_frontend_lazy",
    "web.assets_frontend_minimal",
    "web.assets_tests",
    "web.report_assets_common",
    "point_of_sale.assets_prod",
)


def main(conf: str, database: str) -> None:
    """Put together the scripts and the styles of each bundle."""
    config = importlib.import_module("odoo.tools").config
    config.parse_config(
        ["-c", conf, "-d", database, "--no-http", "--max-cron-threads=0"]
    )
    api = importlib.import_module("odoo.api")
    registry = importlib.import_module("odoo.modules.registry").Registry(database)
    with registry.cursor() as cursor:
        pages = api.Environment(cursor, api.SUPERUSER_ID, {})["ir.qweb"]
        for name in BUNDLES:
            pages._get_asset_bundle(name, css=False, js=True).js()
            pages._get_asset_bundle(name, css=True, js=False).css()


if __name__ == "__main__":
    main(*sys.argv[1:3])
