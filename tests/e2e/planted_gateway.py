"""A gateway on a ledger with a fault in it, for the fault trials to find.

PLANTED=lock_removed python -m tests.e2e.planted_gateway
"""

import os
import sys
import time
from typing import Any

import pytest

from ekarte_auth_gateway.__main__ import main
from ekarte_core.ledger import store
from tests.core.reference import faults

THINKS_S = 0.005
read_rights = store.read_rights


def read_slowly(*args: Any) -> None:
    """Think for a while between reading and deciding: rivals come in between."""
    time.sleep(THINKS_S)
    read_rights(*args)


if __name__ == "__main__":
    patch = pytest.MonkeyPatch()
    patch.setattr(store, "read_rights", read_slowly)
    if os.environ["PLANTED"] != "nothing":
        getattr(faults, os.environ["PLANTED"])(patch)
    sys.exit(main())
