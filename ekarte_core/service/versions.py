"""Networks of earlier versions: what was decided by one is undone by the same."""

from collections import OrderedDict

from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.network.compiled import Network, read_network

VERSIONS_MAX = 8


class Versions:
    """The last few networks asked for, so that a refund does not read one anew."""

    def __init__(self) -> None:
        """Start with none."""
        self._known: OrderedDict[int, Network] = OrderedDict()

    def get(self, cr: Cursor, version: int, current: Network) -> Network:
        """Return the network of a version; the current one where it is not kept."""
        if version == current.version:
            return current
        return self.find(cr, version) or current

    def find(self, cr: Cursor, version: int) -> Network | None:
        """Return the network of a version as it was published, if it was."""
        if version not in self._known:
            cr.execute(SQL["read_version"], {"version": version})
            row = cr.fetchone()
            if row is None:
                return None
            self._known[version] = read_network(row[0], version)
        self._known.move_to_end(version)
        if len(self._known) > VERSIONS_MAX:
            self._known.popitem(last=False)
        return self._known[version]
