"""Claims: each crossing line once, the creditor by the event and not by the sign."""

from datetime import date, datetime, timezone
from typing import Any

import pytest

from ekarte_core import Claim, SettlementDocument, SettlementLine, claims, postings

NOW = datetime(2026, 11, 22, tzinfo=timezone.utc)


def document(*lines: dict[str, Any], outside: tuple[str, ...] = ()) -> Any:
    return SettlementDocument(
        id=1,
        created_at=NOW,
        cutoff=NOW,
        network_version=1,
        outside=outside,
        lines=tuple(
            SettlementLine(
                **{
                    "line": number,
                    "day": date(2026, 11, 21),
                    "branch": "B",
                    "operations": 1,
                    **line,
                }
            )
            for number, line in enumerate(lines, start=1)
        ),
    )


def line(event: str, seller: str, issuer: str, amount: int, **more: Any) -> Any:
    return {
        "event": event,
        "seller": seller,
        "issuer": issuer,
        "amount": amount,
        "carry": amount,
        **more,
    }


@pytest.mark.parametrize(
    ("event", "creditor"),
    [
        ("gift_spend", "SELLER"),
        ("bonus_spend", "SELLER"),
        ("voucher_spend", "SELLER"),
        ("exchange_spend", "SELLER"),
        ("credit_spend", "SELLER"),
        ("gift_load", "ISSUER"),
        ("credit_pay", "ISSUER"),
    ],
)
@pytest.mark.parametrize("amount", [3000, -3000, 0])
def test_creditor_goes_by_the_event_whatever_the_sign(
    event: str, creditor: str, amount: int
) -> None:
    (claim,) = claims(document(line(event, "SELLER", "ISSUER", amount)))
    assert claim.creditor == creditor
    assert {claim.creditor, claim.debtor} == {"SELLER", "ISSUER"}
    assert claim.amount == amount


def test_what_stays_at_home_is_no_claim() -> None:
    home = document(
        line("gift_spend", "A", "A", 3000), line("bonus_earn", "A", "A", 10, carry=81)
    )
    assert claims(home) == []


def test_outside_issuers_have_claims_though_no_postings() -> None:
    outside = document(line("gift_spend", "A", "B", 500), outside=("A", "B"))
    assert postings(outside) == []
    assert claims(outside) == [Claim(line=1, creditor="A", debtor="B", amount=500)]
