"""What the schema cannot say of coalitions: members, operators, prices of pairs."""

from collections.abc import Iterator

from ekarte_core.network.document import Coalition, NetworkDocument

Fault = tuple[str, str]

RATE_BP_MAX = 10_000
RATES = ("issue_price_bp", "breakage_share_bp", "service_tax_rate_bp")


def coalition_faults(document: NetworkDocument) -> Iterator[Fault]:
    """Return the faults of all coalitions, each as (path, message)."""
    issuers = {issuer.code for issuer in document.issuers}
    priced: set[tuple[str, str]] = set()
    pooled: set[str] = set()
    for number, coalition in enumerate(document.coalitions):
        path = f"$.coalitions[{number}]"
        yield from _members(coalition, issuers, path)
        yield from _terms(coalition, priced, path)
        yield from _leaving(coalition, path)
        if coalition.model == "pool":
            if pooled & set(coalition.issuers):
                yield f"{path}.model", "an issuer is in one pool only"
            pooled |= set(coalition.issuers)
    yield from _pooled_prizes(document, pooled)


def _members(coalition: Coalition, issuers: set[str], path: str) -> Iterator[Fault]:
    for place, code in enumerate(coalition.issuers):
        if code not in issuers:
            yield f"{path}.issuers[{place}]", "no such issuer"
    if coalition.operator and coalition.operator not in issuers:
        yield f"{path}.operator", "no such issuer"
    if coalition.model == "pool" and not coalition.operator:
        yield f"{path}.operator", "a pool needs an operator"
    for name in RATES:
        if not 0 <= getattr(coalition, name) <= RATE_BP_MAX:
            yield f"{path}.{name}", "must be 0 to 10000 basis points"


def _pooled_prizes(document: NetworkDocument, pooled: set[str]) -> Iterator[Fault]:
    """A pool pays for goods in money: it could not pay for a prize in kind."""
    for number, program in enumerate(document.programs):
        prizes = program.parameters.get("prizes")
        if program.issuer not in pooled or not isinstance(prizes, list | tuple):
            continue
        for place, prize in enumerate(prizes):
            if isinstance(prize, dict) and prize.get("voucher_kind") == "goods":
                path = f"$.programs[{number}].parameters.prizes[{place}]"
                yield path, "a pool gives vouchers for money only"


def _terms(
    coalition: Coalition, priced: set[tuple[str, str]], path: str
) -> Iterator[Fault]:
    members = set(coalition.issuers)
    for place, terms in enumerate(coalition.terms):
        at = f"{path}.terms[{place}]"
        pair = (terms.issuer, terms.seller)
        if terms.issuer not in members or terms.seller not in members:
            yield at, "no such issuer in this coalition"
        if terms.issuer == terms.seller:
            yield at, "a price is agreed between two issuers"
        if pair in priced:
            yield at, "stands twice"
        if not 0 <= terms.price_bp <= RATE_BP_MAX:
            yield f"{at}.price_bp", "must be 0 to 10000 basis points"
        priced.add(pair)


def _leaving(coalition: Coalition, path: str) -> Iterator[Fault]:
    for place, leaving in enumerate(coalition.leaving):
        at = f"{path}.leaving[{place}]"
        if leaving.issuer not in coalition.issuers:
            yield f"{at}.issuer", "must be an issuer of this coalition"
        if leaving.issue_until.tzinfo is None or leaving.spend_until.tzinfo is None:
            yield f"{at}.issue_until", "moments have a time zone"
        elif leaving.spend_until < leaving.issue_until:
            yield f"{at}.spend_until", "must not be before issue_until"
