"""python-escpos, and the only place that imports it.

Three habits of version 3.1 are kept from the rest of the process: its import leaves a
temporary directory behind, sets up logging, and reads a megabyte of YAML, which takes
half a second. That file is JSON, and so a hundred times quicker to read: the import
finds it read already, where it would keep it by itself.
"""

import contextlib
import json
import logging
import os
import pickle
import platform
import tempfile
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path


@contextlib.contextmanager
def _kept_tidy() -> Iterator[None]:
    """Give the import a folder that goes away, and take back what it sets."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    temporary = tempfile.tempdir
    kept = "ESCPOS_CAPABILITIES_PICKLE_DIR"
    before = os.environ.get(kept)
    with tempfile.TemporaryDirectory(prefix="ekarte-escpos-") as folder:
        with as_file(files("escpos") / "capabilities.json") as source:
            capabilities = json.loads(source.read_text(encoding="utf-8"))
        file = Path(folder, f"{platform.python_version()}.capabilities.pickle")
        file.write_bytes(pickle.dumps(capabilities))
        os.environ[kept] = tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = temporary
            root.handlers[:] = handlers
            del os.environ[kept]
            if before is not None:
                os.environ[kept] = before


with _kept_tidy():
    from escpos.capabilities import CAPABILITIES, get_profile
    from escpos.codepages import CodePages
    from escpos.constants import (
        QR_ECLEVEL_M,
        RT_MASK_NOPAPER,
        RT_MASK_ONLINE,
        RT_STATUS_ONLINE,
        RT_STATUS_PAPER,
    )
    from escpos.exceptions import Error as EscposError
    from escpos.magicencode import Encoder
    from escpos.printer import Dummy, Network, Serial

PROFILES: frozenset[str] = frozenset(CAPABILITIES["profiles"])
"""Names of the printers that python-escpos knows."""

__all__ = [
    "PROFILES",
    "QR_ECLEVEL_M",
    "RT_MASK_NOPAPER",
    "RT_MASK_ONLINE",
    "RT_STATUS_ONLINE",
    "RT_STATUS_PAPER",
    "CodePages",
    "Dummy",
    "Encoder",
    "EscposError",
    "Network",
    "Serial",
    "get_profile",
]
