"""What must be true of terminals and of the banks that they work with."""

import re
from collections.abc import Iterator

from ekarte_core.keyring import WIRE_KEYS
from ekarte_core.network.check_programs import Fault
from ekarte_core.network.document import (
    NetworkDocument,
    OfflineLimits,
    Terminal,
)

TERMINAL_ID = re.compile(r"[0-9A-Z]{8}")
CLOSE_AT = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
FINGERPRINT = re.compile(r"[0-9a-f]{64}")
PRINTER = re.compile(
    r"tcp://[0-9A-Za-z.\-\[\]:]{1,253}:\d{1,5}|serial:///dev/[0-9A-Za-z/_.-]{1,80}"
    r"(\?baud=\d{3,7})?"
)
PRINTER_PROFILE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,31}")
BANK_TERMINAL = re.compile(r"[0-9A-Za-z]{1,8}")
BANK_ACCEPTOR = re.compile(r"[0-9A-Za-z]{1,15}")
HOST = re.compile(r"[0-9A-Za-z.\-\[\]:]{1,253}")
INSTITUTION = re.compile(r"[0-9]{0,11}")
HOLD_S_MAX = 86_400
ODOO_HOLD_S_MAX = 90 * 86_400
"""At Odoo's own terminals a quotation or an order may wait for weeks."""
CERTIFICATES_MAX = 2
COLUMNS = range(24, 65)
PORTS = range(1, 65_536)
COUNT_MAX = 100_000
AGE_H_MAX = 24 * 366


def terminal_faults(document: NetworkDocument) -> Iterator[Fault]:
    """Yield every fault of terminals and acquirers."""
    branches = {branch.code for branch in document.branches}
    acquirers = {acquirer.code for acquirer in document.acquirers}
    seen: set[str] = set()
    shown: set[str] = set()
    for number, terminal in enumerate(document.terminals):
        path = f"$.terminals[{number}]"
        if not TERMINAL_ID.fullmatch(terminal.id):
            yield f"{path}.id", "must be 8 of 0-9 and A-Z"
        if terminal.id in seen:
            yield f"{path}.id", "stands twice"
        seen.add(terminal.id)
        if terminal.branch not in branches:
            yield f"{path}.branch", "no such branch"
        longest = ODOO_HOLD_S_MAX if terminal.protocol == "odoo" else HOLD_S_MAX
        if not 1 <= terminal.hold_s <= longest:
            yield f"{path}.hold_s", f"must be 1 to {longest} seconds"
        if not 1 <= terminal.key_version < WIRE_KEYS:
            yield f"{path}.key_version", f"must be 1 to {WIRE_KEYS - 1}"
        yield from _certificates(terminal, path, shown)
        yield from _slips(terminal, path)
        if terminal.offline is not None:
            yield from _offline(terminal.offline, f"{path}.offline")
        yield from _bank(terminal, path, acquirers)
    yield from _acquirers(document)


def _certificates(terminal: Terminal, path: str, shown: set[str]) -> Iterator[Fault]:
    """One certificate stands for one terminal only."""
    if len(terminal.certificates) > CERTIFICATES_MAX:
        yield f"{path}.certificates", "at most two: the present one and the next"
    for place, fingerprint in enumerate(terminal.certificates):
        at = f"{path}.certificates[{place}]"
        if not FINGERPRINT.fullmatch(fingerprint):
            yield at, "must be 64 hexadecimal digits, small letters"
        if fingerprint in shown:
            yield at, "stands twice"
        shown.add(fingerprint)


def _slips(terminal: Terminal, path: str) -> Iterator[Fault]:
    if terminal.columns not in COLUMNS:
        yield f"{path}.columns", "must be 24 to 64"
    if terminal.printer and not _is_printer(terminal.printer):
        yield (
            f"{path}.printer",
            "must be like tcp://192.0.2.7:9100 or serial:///dev/ttyUSB0?baud=9600",
        )
    if not PRINTER_PROFILE.fullmatch(terminal.printer_profile):
        yield f"{path}.printer_profile", "must name a kind of printer, such as default"
    if terminal.close_at and not CLOSE_AT.fullmatch(terminal.close_at):
        yield f"{path}.close_at", "must be a time such as 23:30"


def _is_printer(printer: str) -> bool:
    if not PRINTER.fullmatch(printer):
        return False
    scheme, _, rest = printer.partition("://")
    return scheme != "tcp" or int(rest.rpartition(":")[2]) in PORTS


def _offline(limits: OfflineLimits, path: str) -> Iterator[Fault]:
    for name in ("amount_max", "card_day_max"):
        if getattr(limits, name) < 0:
            yield f"{path}.{name}", "must not be negative"
    if not 0 <= limits.count_max <= COUNT_MAX:
        yield f"{path}.count_max", f"must be 0 to {COUNT_MAX}"
    for name in ("age_h_max", "stop_list_age_h_max"):
        if not 1 <= getattr(limits, name) <= AGE_H_MAX:
            yield f"{path}.{name}", f"must be 1 to {AGE_H_MAX} hours"


def _bank(terminal: Terminal, path: str, acquirers: set[str]) -> Iterator[Fault]:
    if not terminal.bank:
        return
    if terminal.bank not in acquirers:
        yield f"{path}.bank", "no such acquirer"
    if not BANK_TERMINAL.fullmatch(terminal.bank_terminal):
        yield f"{path}.bank_terminal", "must be 1 to 8 letters and digits"
    if not BANK_ACCEPTOR.fullmatch(terminal.bank_acceptor):
        yield f"{path}.bank_acceptor", "must be 1 to 15 letters and digits"


def _acquirers(document: NetworkDocument) -> Iterator[Fault]:
    for number, acquirer in enumerate(document.acquirers):
        path = f"$.acquirers[{number}]"
        if not HOST.fullmatch(acquirer.host):
            yield f"{path}.host", "must be a host's name or address"
        if acquirer.port not in PORTS:
            yield f"{path}.port", "must be 1 to 65535"
        if not INSTITUTION.fullmatch(acquirer.institution):
            yield f"{path}.institution", "must be at most 11 digits"
