"""Runs inside Odoo: enters the demo network and writes its keys to files.

``python -m ekarte_stack.provision ODOO_CONF DATABASE FOLDER``
"""

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any


def main(conf: str, database: str, folder: str) -> None:
    """Enter the network in one transaction; keys reach the disk before the commit."""
    config = importlib.import_module("odoo.tools").config
    config.parse_config(
        ["-c", conf, "-d", database, "--no-http", "--max-cron-threads=0"]
    )
    api = importlib.import_module("odoo.api")
    registry = importlib.import_module("odoo.modules.registry").Registry(database)
    with registry.cursor() as cursor:
        env = api.Environment(cursor, api.SUPERUSER_ID, {})
        write(Path(folder), env["ekarte.terminal"].provision_stack())


def write(folder: Path, answer: dict[str, Any]) -> None:
    """Write one file per key (0600) and ``network.json``, which names the files."""
    api_key_file = folder / "odoo-api-key"
    _secret(api_key_file, answer["api_key"] + "\n")
    terminals = []
    for terminal in answer["terminals"]:
        public = {name: value for name, value in terminal.items() if name != "key"}
        path = folder / f"terminal-{terminal['id']}.key"
        key = terminal["key"]
        _secret(path, key if isinstance(key, str) else json.dumps(key))
        terminals.append(public | {"key_file": path.name})
    rest = {
        name: value
        for name, value in answer.items()
        if name not in {"api_key", "terminals", "logins"}
    }
    network = {
        "api_key_file": api_key_file.name,
        "terminals": terminals,
        "logins": answer["logins"],
    }
    _secret(folder / "network.json", json.dumps(rest | network, indent=2) + "\n")


def _secret(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:4])
