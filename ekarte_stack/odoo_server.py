"""Odoo's configuration file, and Odoo as a server."""

import secrets

from ekarte_stack.cluster import ODOO
from ekarte_stack.databases import Databases
from ekarte_stack.ports import LOOPBACK
from ekarte_stack.serving import Server

START_TIMEOUT_S = 180


def write_configuration(databases: Databases) -> None:
    """Write odoo.conf with the password of the role odoo; 0600."""
    cluster = databases.cluster
    master = databases.home.keys / "odoo-master"
    if not master.exists():
        databases.account.write_secret(master, secrets.token_urlsafe(24) + "\n")
    addons_path = ",".join(str(path) for path in databases.source.addons_path())
    databases.account.write_secret(
        databases.conf,
        "[options]\n"
        f"addons_path = {addons_path}\n"
        f"data_dir = {databases.home.odoo_data}\n"
        f"db_host = {cluster.sockets}\n"
        f"db_port = {cluster.port}\n"
        f"db_user = {ODOO}\n"
        f"db_password = {cluster.password(ODOO)}\n"
        f"admin_passwd = {master.read_text().strip()}\n"
        "list_db = False\n"
        f"http_interface = {LOOPBACK}\n"
        "max_cron_threads = 1\n"
        "workers = 0\n"
        "with_demo = False\n",
    )


def server(databases: Databases, database: str, port: int, *words: str) -> Server:
    """Describe Odoo serving one database; `words` are further options of its own."""
    return Server(
        name="Odoo",
        argv=databases.odoo(
            "-d", database, f"--db-filter=^{database}$", f"--http-port={port}", *words
        ),
        env=databases.environment(),
        cwd=databases.account.home,
        log=databases.home.log / "odoo.log",
        ports=(port,),
        health="/web/health",
        timeout_s=START_TIMEOUT_S,
    )
