"""Adyen's public node library as a cash register: nexo-style JSON over https.

The library has port 8443 and path /nexo/ built in. Suites that run beside each other,
of one account or of several, take turns at that port.
"""

import errno
import socket
import time
from contextlib import contextmanager

import pytest
import trustme

from ekarte_auth_gateway.nexo import api_key
from tests.gateway import town
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.register import (
    Register,
    account,
    loyalty,
    original,
    payment,
    result,
    service_id,
    stored,
    transaction,
)
from tests.gateway.register import (
    load as load_of,
)
from tests.gateway.shop import balance

PORT = 8443


def load(kind, number, amount):
    """As the library spells it."""
    body = load_of(kind, None, amount)
    body["StoredValueData"][0]["StoredValueAccountID"] = stored(number, "Value")
    return body


TURN_S = 300.0  # longer than any suite holds the port


@contextmanager
def turn_at(port, patience_s=TURN_S):
    """Hold the one name that means this port on this machine.

    A socket's abstract name belongs to no account and leaves nothing behind, unlike a
    file in a folder for all, which only the account that made it may open.
    """
    name = f"\0ekarte-port-{port}"
    until = time.monotonic() + patience_s
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as mine:
        while True:
            try:
                mine.bind(name)
                break
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() > until:
                    raise
                time.sleep(0.2)
        yield


def test_two_suites_take_turns_at_the_port():
    with (
        turn_at("of-a-test"),
        pytest.raises(OSError, match="in use"),
        turn_at("of-a-test", 0.3),
    ):
        pass
    with turn_at("of-a-test", 0.3):
        pass


@pytest.fixture(scope="module")
def register_gateway(new_ledger, keyring, keyring_file, tmp_path_factory):
    """A gateway at the one port that the library knows, over TLS."""
    folder = tmp_path_factory.mktemp("nexo")
    issued = trustme.CA().issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    (folder / "key.pem").chmod(0o600)
    for number, pem in enumerate(issued.cert_chain_pems):
        pem.write_to_path(str(folder / "chain.pem"), append=number > 0)
    process = GatewayProcess(
        new_ledger(),
        keyring,
        keyring_file,
        folder,
        EKARTE_NEXO=f"127.0.0.1:{PORT}",
        EKARTE_TLS_CERT=str(folder / "chain.pem"),
        EKARTE_TLS_KEY=str(folder / "key.pem"),
        EKARTE_TLS_DOORS="nexo",
    )
    with turn_at(PORT):
        try:
            process.start_ready()
            yield process
            assert process.stop() == 0
            assert process.broken_invariants() == []
        finally:
            process.kill()


class Peer:
    """Messages by the library; each answer as the library has read it."""

    def __init__(self, run, gateway, terminal=town.NEXO_1, key=""):
        self._run = run
        self._made = Register(PORT, terminal, "")
        self._key = key or api_key(gateway.key(terminal))

    def send(self, *messages):
        order = {"host": "https://127.0.0.1", "key": self._key, "messages": messages}
        return self._run("nexo_peer.js", order)

    def ask(self, category, body=None, number=""):
        return self.ask_all((category, body, number))[0]

    def ask_all(self, *asked):
        """Several messages in one run of node: it takes a second to start."""
        told = self.send(*(self._made.message(*one) for one in asked))
        return [
            one["answer"]["SaleToPOIResponse"][f"{category}Response"]
            for (category, *_), one in zip(asked, told, strict=True)
        ]


@pytest.fixture
def library(peer, register_gateway):
    return Peer(peer, register_gateway)


@pytest.fixture
def gift(library):
    number = town.gift_number()
    answer = library.ask("StoredValue", load("Activate", number, 50))
    assert result(answer) == "Success"
    return number


def test_it_signs_on_and_off(library):
    answers = library.ask_all(("Login",), ("Diagnosis",), ("Logout",))
    assert [result(one) for one in answers] == ["Success"] * 3


def test_it_loads_pays_and_asks_for_the_balance(register_gateway, library, gift):
    answers = library.ask_all(
        ("StoredValue", load("Load", gift, 10)),
        ("Payment", payment(gift, 12.34)),
        ("BalanceInquiry", {"LoyaltyAccountReq": account(gift)}),
    )
    assert [result(one) for one in answers] == ["Success"] * 3
    assert answers[2]["PaymentAccountStatus"]["CurrentBalance"] == 47.66
    assert balance(register_gateway.http(), gift) == 4766


def test_a_hold_is_completed_with_the_reference_it_was_told(
    register_gateway, library, gift
):
    held = library.ask("Payment", payment(gift, 30, "FirstReservation"))
    done = library.ask(
        "Payment", payment(None, 25, "Completion", **original(transaction(held)))
    )
    assert [result(held), result(done)] == ["Success"] * 2
    assert balance(register_gateway.http(), gift) == 2500


def test_a_payment_is_reversed_and_one_that_nobody_knows_is_not(
    register_gateway, library, gift
):
    bought = library.ask("Payment", payment(gift, 30))
    gone, unknown = library.ask_all(
        (
            "Reversal",
            {**original(transaction(bought)), "ReversalReason": "CustCancel"},
        ),
        ("Reversal", {**original("another.system"), "ReversalReason": "CustCancel"}),
    )
    assert [result(gone), result(unknown)] == ["Success", "NotFound"]
    assert balance(register_gateway.http(), gift) == 5000


def test_a_repeat_is_answered_as_before(register_gateway, library, gift):
    wish = payment(gift, 10)
    asked = ("Payment", wish, "Xy-" + service_id())
    first, again, other = library.ask_all(
        asked, asked, ("Payment", payment(gift, 11), asked[2])
    )
    assert first == again
    assert result(other) == "NotAllowed"
    assert balance(register_gateway.http(), gift) == 4000


def test_points_and_rebates_come_and_go(library):
    number = town.club_number()
    item = {"ItemID": 0, "ProductCode": "MILK", "Quantity": 2, "ItemAmount": 15}
    award, rebate = library.ask_all(
        ("Loyalty", loyalty("Award", number, TotalAmount=200)),
        ("Loyalty", loyalty("Rebate", number, TotalAmount=15, SaleItem=[item])),
    )
    assert award["LoyaltyResult"][0]["LoyaltyAmount"]["Value"] == 40
    assert rebate["LoyaltyResult"][0]["Rebates"]["TotalRebate"] > 0
    wish = loyalty("Redemption", number, TotalAmount=20)
    wish["LoyaltyData"][0]["LoyaltyAmount"] = {"LoyaltyUnit": "Monetary", "Value": 1}
    spent = library.ask("Loyalty", wish)
    assert result(spent) == "Success"
    back = library.ask_all(
        ("Loyalty", loyalty("RedemptionRefund", **original(transaction(spent)))),
        ("Loyalty", loyalty("RebateRefund", **original(transaction(rebate)))),
        ("Loyalty", loyalty("AwardRefund", **original(transaction(award)))),
    )
    assert [result(one) for one in back] == ["Success"] * 3


def test_a_card_that_nobody_knows_is_invalid(library):
    wrong = {"LoyaltyAccountReq": account("4" * 16)}
    assert result(library.ask("BalanceInquiry", wrong)) == "InvalidCard"


def test_status_tells_the_answer_again(library, gift):
    number = service_id()
    asked = {"MessageCategory": "Payment", "ServiceID": number}
    never = {"MessageCategory": "Payment", "ServiceID": service_id()}
    first, again, none = library.ask_all(
        ("Payment", payment(gift, 10), number),
        ("TransactionStatus", {"MessageReference": asked, "ReceiptReprintFlag": True}),
        ("TransactionStatus", {"MessageReference": never}),
    )
    told = again["RepeatedMessageResponse"]["RepeatedResponseMessageBody"]
    assert transaction(told["PaymentResponse"]) == transaction(first)
    assert result(none) == "NotFound"


def test_totals_are_told_and_the_batch_closed(peer, register_gateway, library, gift):
    other = Peer(peer, register_gateway, town.NEXO_2)
    close = {"ReconciliationType": "SaleReconciliation"}
    _, totals, closed, empty = other.ask_all(
        ("Payment", payment(gift, 10)),
        ("GetTotals",),
        ("Reconciliation", close),
        ("GetTotals",),
    )
    row = totals["TransactionTotals"][0]["PaymentTotals"][0]
    assert (row["TransactionCount"], row["TransactionAmount"]) == (1, 10)
    assert result(closed) == "Success"
    assert closed["TransactionTotals"] == totals["TransactionTotals"]
    assert int(empty["POIReconciliationID"]) == 1 + int(closed["POIReconciliationID"])


def test_a_wrong_key_is_an_http_error(peer, register_gateway):
    stranger = Peer(peer, register_gateway, key="0" * 64)
    told = stranger.send(Register(PORT, town.NEXO_1, "").message("Login"))
    assert told[0]["fault"]["status"] == 401
