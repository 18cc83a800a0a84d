"""Peers that nobody here wrote: npm libraries, run by node, against a real gateway."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# The same gateway, ledger and network as the gateway's own tests.
from tests.gateway.conftest import (  # noqa: F401 - fixtures
    gateway,
    keyring,
    keyring_file,
    new_ledger,
    server_dsn,
    template,
)

HERE = Path(__file__).parent
PEER_WAIT_S = 60


@pytest.fixture(scope="session")
def peer() -> Callable[[str, Any], Any]:
    """Run a peer script with a JSON order; return its JSON answer."""
    node = shutil.which("node")
    assert node, "node is not on PATH: install Node.js 18 or later"
    assert (HERE / "node_modules" / "iso_8583").is_dir(), (
        "the peers' packages are not installed: run `npm ci` in tests/peers"
    )

    def run(script: str, order: Any) -> Any:
        done = subprocess.run(
            [node, str(HERE / script)],
            input=json.dumps(order),
            capture_output=True,
            text=True,
            timeout=PEER_WAIT_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
