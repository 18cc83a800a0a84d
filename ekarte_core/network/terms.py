"""On what terms value of a program is used at a seller: tax, price, who bears it.

Settlement reads them as they were when an operation was decided, so they are written
down with each version of the network. Only what differs from the usual is.
"""

from collections.abc import Iterator, Mapping

import msgspec

from ekarte_core.network.compiled import Network
from ekarte_core.network.document import Coalition, Program
from ekarte_core.rules.programs import GiftCard, Points, VisitPass

Prices = Mapping[tuple[str, str], int]


class SettlingTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Terms of one program at one seller; all other fields are as usual.

    Attributes:
        tax_rate_bp: the tax with which it was sold, or with which it is invoiced.
        price_bp: the part of bonus money used that its issuer pays.
        visit_price: what its issuer pays for a visit, minor units.
        breakage_share_bp: the issuer's part of what ends unused in a pool.
        liable: the operator whose pool bears it, '' for the issuer itself.
        as_payment: own bonus money pays, and does not lower the price.
    """

    program: str
    seller: str
    tax_rate_bp: int = 0
    price_bp: int = 10_000
    visit_price: int = 0
    breakage_share_bp: int = 0
    liable: str = ""
    as_payment: bool = False


def settling_terms(network: Network) -> list[SettlingTerms]:
    """Return the terms of a network that differ from the usual."""
    prices = {
        (terms.issuer, terms.seller): terms.price_bp
        for coalition in network.document.coalitions
        for terms in coalition.terms
    }
    return [
        terms
        for program in network.document.programs
        if not program.overrides
        for seller in network.issuers
        for terms in _of(network, prices, program, seller)
        if terms != SettlingTerms(program=program.code, seller=seller)
    ]


def _of(
    network: Network, prices: Prices, program: Program, seller: str
) -> Iterator[SettlingTerms]:
    parameters = network.parameters(program.code)
    own = program.issuer == seller
    if isinstance(parameters, GiftCard):
        yield SettlingTerms(
            program=program.code, seller=seller, tax_rate_bp=parameters.tax_rate_bp
        )
    elif isinstance(parameters, VisitPass):
        if not own and parameters.accepted_in_coalition:
            yield SettlingTerms(
                program=program.code,
                seller=seller,
                tax_rate_bp=_tax_of(network, seller, parameters.group),
                visit_price=parameters.visit_price,
            )
    else:
        yield _of_bonuses(network, prices, program, seller)


def _of_bonuses(
    network: Network, prices: Prices, program: Program, seller: str
) -> SettlingTerms:
    parameters = network.parameters(program.code)
    pool = network.pool_of(program)
    liable = pool.operator if pool is not None else ""
    as_payment = isinstance(parameters, Points) and parameters.own_use == "mpv"
    return SettlingTerms(
        program=program.code,
        seller=seller,
        tax_rate_bp=_service_tax(network, liable or program.issuer, seller),
        price_bp=prices.get((program.issuer, seller), 10_000),
        breakage_share_bp=pool.breakage_share_bp if pool is not None else 0,
        liable=liable,
        as_payment=as_payment and program.issuer == seller and pool is None,
    )


def _service_tax(network: Network, bearer: str, seller: str) -> int:
    """The tax on what a seller invoices, where the two have agreed that it does."""
    if bearer == seller:
        return 0
    return next(
        (
            coalition.service_tax_rate_bp
            for coalition in network.document.coalitions
            if coalition.service_tax_rate_bp and _between(coalition, bearer, seller)
        ),
        0,
    )


def _between(coalition: Coalition, bearer: str, seller: str) -> bool:
    return seller in coalition.issuers and (
        bearer in coalition.issuers or bearer == coalition.operator
    )


def _tax_of(network: Network, seller: str, group: str) -> int:
    """The tax of a visit where it takes place."""
    branch = network.first_branch(seller)
    return 0 if branch is None else network.tax_rate_bp(branch, group)
