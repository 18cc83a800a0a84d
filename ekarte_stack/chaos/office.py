"""Who takes the settlements, in trouble: away, or gone before it has answered.

It stands at Odoo's door where the moment matters: it books a document once, as Odoo
does, and can be told to hang up between booking and answer. It answers in no time: so
gateways meet more trouble in a second than at Odoo, whose own trials are `odoo-*`.
"""

import json
import random
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg2

from ekarte_stack.chaos.queries import QUERIES
from ekarte_stack.chaos.stand import Stand
from ekarte_stack.ports import LOOPBACK

KEY_FILE = "office.key"
CALLED_WITHIN_S, SETTLED_WITHIN_S, LOOK_EVERY_S = 10.0, 30.0, 0.1


class Office:
    """Books settlement documents, each id once.

    Attributes:
        books: what was booked, by id.
        changed: ids that came again with other content.
        hangs_up: whether callers hear nothing after their document was booked.
        called: set when a document has been booked and the caller still waits.
    """

    def __init__(self) -> None:
        """Open at a free port."""
        self.books: dict[int, Any] = {}
        self.changed: list[int] = []
        self.hangs_up = False
        self.called, self.answer = threading.Event(), threading.Event()
        self.answer.set()
        self.port = 0
        self._server: ThreadingHTTPServer | None = None
        self.open()

    def open(self) -> None:
        """Open, again at the same port."""
        if self._server is None:
            where = (LOOPBACK, self.port)
            self._server = ThreadingHTTPServer(where, _handler_of(self))
            self.port = self._server.server_port
            threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Refuse connections."""
        server, self._server = self._server, None
        self.answer.set()
        if server is not None:
            server.shutdown()
            server.server_close()

    def forget(self) -> None:
        """Begin with new books, for a new ledger."""
        self.books, self.changed = {}, []

    def book(self, document: dict[str, Any]) -> bool:
        """Book a document; False if it was booked before."""
        number = document["id"]
        if number not in self.books:
            self.books[number] = document
            return True
        if self.books[number] != document:
            self.changed.append(number)
        return False


def _handler_of(office: Office) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            document = json.loads(body)["document"]
            created = office.book(document)
            office.called.set()
            office.answer.wait()
            if office.hangs_up:
                self.close_connection = True
                return
            reply = {"id": document["id"], "created": created, "moves": ["LOY/1"]}
            text = json.dumps(reply).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_words: Any) -> None:
            """Say nothing."""

    return Handler


def variables(at: Stand) -> Mapping[str, str]:
    """Return what a gateway is told of the office, which is opened with the first."""
    at.office = at.office or Office()
    file = at.place.folder / KEY_FILE
    if not file.exists():
        at.place.account.write_secret(file, "0f" * 20 + "\n")
    return {
        "EKARTE_ODOO_URL": f"http://{LOOPBACK}:{at.office.port}",
        "EKARTE_ODOO_DB": "town",
        "EKARTE_ODOO_KEY_FILE": str(file),
        "EKARTE_SETTLE_EVERY_S": "0.3",
        "EKARTE_RETRY_FIRST_S": "0.05",
        "EKARTE_RETRY_MAX_S": "0.4",
    }


def office_away(at: Stand, _dice: random.Random) -> None:
    """Nobody at the door for a while, then somebody who hangs up, then as ever."""
    office = _office(at)
    office.close()
    at.wait(0.5, 1.2)
    office.hangs_up = True
    office.open()
    at.wait(0.3, 0.8)
    office.hangs_up = False


def killed_half_way(at: Stand, dice: random.Random) -> None:
    """Kill -9 of the gateway after its document was booked, before it is told so."""
    office = _office(at)
    office.hangs_up = True
    office.called.clear()
    office.answer.clear()
    try:
        assert office.called.wait(CALLED_WITHIN_S), "no settlement was delivered"
        victim = dice.choice(at.gateways)
        victim.kill()
    finally:
        office.answer.set()
        at.wait(0.05, 0.1)  # who waited is gone before it would be answered
        office.hangs_up = False
    at.restart(victim)
    victim.wait_ready()


def compare_books(at: Stand) -> list[str]:
    """Wait until all is settled; compare the ledger's papers with the books."""
    office = _office(at)
    end = time.monotonic() + SETTLED_WITHIN_S
    papers, waiting = _papers(at)
    while waiting and time.monotonic() < end:
        time.sleep(LOOK_EVERY_S)
        papers, waiting = _papers(at)
    return unlike(papers, waiting, office.books, office.changed)


def unlike(
    papers: Mapping[int, Any],
    waiting: set[int],
    books: Mapping[int, Any],
    changed: Sequence[int],
) -> list[str]:
    """Say in what the books are not what the ledger has had accepted."""
    found = [] if papers else ["nothing was settled"]
    found += [f"settlement {number} came with other content" for number in changed]
    found += [f"settlement {number} was never accepted" for number in sorted(waiting)]
    found += [
        f"settlement {number} is accepted, and not so in the books"
        for number, paper in papers.items()
        if number not in waiting and books.get(number) != paper
    ]
    strange = sorted(set(books) - set(papers))
    return found + [f"settlement {number} is in the books alone" for number in strange]


def _papers(at: Stand) -> tuple[dict[int, Any], set[int]]:
    """Return the ledger's documents by id, and those that nobody has accepted."""
    dsn = at.ledger.admin_dsn(at.database)
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cr:
        cr.execute(QUERIES["settlements"])
        rows = cr.fetchall()
    papers = {number: json.loads(body) for number, body, _accepted in rows}
    return papers, {number for number, _body, accepted in rows if not accepted}


def _office(at: Stand) -> Office:
    assert isinstance(at.office, Office)
    return at.office
