"""Odoo's configuration file, and the server as a process."""

import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus

from ekarte_stack import processes
from ekarte_stack.cluster import ODOO
from ekarte_stack.databases import Databases
from ekarte_stack.ports import LOOPBACK
from ekarte_stack.steps import StackError, step

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


def start(
    databases: Databases, database: str, port: int, extra: Mapping[str, str]
) -> processes.Identity:
    """Start Odoo on one database and wait until it answers."""
    log = databases.home.log / "odoo.log"
    with step(f"starting Odoo on {LOOPBACK}:{port}"):
        who = processes.start(
            databases.odoo(
                "-d", database, f"--db-filter=^{database}$", f"--http-port={port}"
            ),
            log=log,
            env=databases.environment() | dict(extra),
            cwd=databases.account.home,
        )
        end = time.monotonic() + START_TIMEOUT_S
        while not answers(f"http://{LOOPBACK}:{port}/web/health"):
            if not processes.is_alive(who):
                raise StackError("Odoo ended while starting", log=log)
            if time.monotonic() > end:
                processes.stop(who, "Odoo")
                raise StackError(
                    f"Odoo gives no answer after {START_TIMEOUT_S} s", log=log
                )
            time.sleep(0.2)
    return who


def answers(url: str) -> bool:
    """Tell whether an HTTP address of ours answers with 200."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=10) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (urllib.error.URLError, OSError):
        return False
