"""What the core says of a faulty network document, in the reader's language.

The core speaks English and knows no Odoo. A sentence that is not here yet is shown as
the core says it.
"""

import re

from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

RANGE = re.compile(r"must be (\d+) to (\d+)")
RANGE_SENTENCE = _lt("must be from %(least)s to %(most)s")

SENTENCES = {
    "1 (Monday) to 7, each once": _lt("each day once"),
    "a card with credit is given by activation": _lt(
        "must be off: a card with credit is registered by its activation"
    ),
    "a goods voucher has a product and no value": _lt(
        "a voucher for goods has a product and no value"
    ),
    "a money voucher has a value and no product": _lt(
        "a voucher for money has a value and no product"
    ),
    "a purpose has a-z, 0-9 and _": _lt(
        "must be 1 to 32 of the characters a-z, 0-9 and _"
    ),
    "an overriding program names its branches": _lt(
        "an overriding program names its branches"
    ),
    "at must be 1 to 1000000": _lt("points must be from 1 to 1000000"),
    "card numbers have at most 19 digits": _lt("card numbers have at most 19 digits"),
    "cards hold its bonuses: who owes them cannot change": _lt(
        "cards hold its bonuses: who owes them cannot change"
    ),
    "cards hold its money: when it is taxed cannot change": _lt(
        "cards hold its money: when it is taxed cannot change"
    ),
    "convert_at and convert_to go together": _lt(
        "points and the money they become go together"
    ),
    "credit for goods of others is consumer credit by a third party (Directive (EU)"
    " 2023/2225): accept it at own branches only, or set credit_elsewhere": _lt(
        "credit for goods of others is consumer credit by a third party (Directive (EU)"
        " 2023/2225): accept it at own branches only, or tick “Credit for Goods of"
        " Others”"
    ),
    "with more than 19 days a purchase may wait longer than 50 days, which is consumer"
    " credit (Directive (EU) 2023/2225): shorten it, or set long_credit": _lt(
        "with more than 19 days a purchase may wait longer than 50 days, which is"
        " consumer credit (Directive (EU) 2023/2225): shorten it, or tick “Longer Than"
        " for Consumers”"
    ),
    "each must be above zero": _lt("each must be above zero"),
    "each must fit min_load and max_balance": _lt(
        "each must lie between the smallest load and the largest balance"
    ),
    "from and to need the same length, from not above to": _lt(
        "“from” and “to” need the same length, “from” not above “to”"
    ),
    "from must be before to: give two at night": _lt(
        "the beginning must be before the end: a night is two ranges"
    ),
    "give at least one": _lt("give at least one"),
    "give both from and to, or neither": _lt("give both “from” and “to”, or neither"),
    "a pool gives vouchers for money only": _lt("a pool gives vouchers for money only"),
    "a pool needs an operator": _lt("a pool needs an operator"),
    "a price is agreed between two issuers": _lt(
        "a price is agreed between two issuers"
    ),
    "an issuer is in one pool only": _lt("an issuer is in one pool only"),
    "goes together with tax when sold": _lt(
        "a card taxed when sold needs its one rate of tax"
    ),
    "must be an ISO 4217 code such as EUR": _lt("must be a currency such as EUR"),
    "no such issuer in this coalition": _lt("is not an issuer of this coalition"),
    "visits elsewhere need a price": _lt("visits elsewhere need a price"),
    "goes together with idle_days": _lt("goes together with the days of idleness"),
    "must be 0 to 10000": _lt("must be from 0 to 100 %"),
    "must be 0 to 10000 basis points": _lt("must be from 0 to 100 %"),
    "must be 0 to 1000000 basis points": _lt("must be from 0 to 100"),
    "must be 0 to 36500": _lt("must be from 0 to 36500"),
    "must be 0 to 36500 days": _lt("must be from 0 to 36500"),
    "must be 1 to 10000 basis points": _lt("must be above 0 and at most 100 %"),
    "must be 1 to 32 of A-Z, 0-9, - and _": _lt(
        "must be 1 to 32 of the characters A-Z, 0-9, - and _"
    ),
    "must be 1 to 86400 seconds": _lt("must be from 1 to 86400 seconds"),
    "must be 1 to 7776000 seconds": _lt("must be from 1 to 7776000 seconds"),
    "must be 8 of 0-9 and A-Z": _lt("must be 8 of the characters 0-9 and A-Z"),
    "must be a time such as 00:00 or 04:30": _lt(
        "must be a time such as 00:00 or 04:30"
    ),
    "must be above zero": _lt("must be above zero"),
    "must be above zero, or give tiers": _lt("must be above zero, or use a table"),
    "must be after valid_from": _lt("must be after the beginning"),
    "must be at least 0": _lt("must not be negative"),
    "must be at least 1": _lt("must be above zero"),
    "must be at least 1 and at most max_balance": _lt(
        "must be above zero and at most the largest balance"
    ),
    "must be as in the overridden program": _lt(
        "must be as in the program that is replaced"
    ),
    "must be between 0 and 1200": _lt("must be from 0 to 1200"),
    "must be given, once": _lt("must be given, and only once"),
    "must be times such as 08:00 and 24:00": _lt(
        "must be times such as 08:00 and 24:00"
    ),
    "must name a program that overrides none itself": _lt(
        "must be a program that takes no other's place itself"
    ),
    "must name a program of this issuer and kind": _lt(
        "must be a running program of this issuer and of the same kind"
    ),
    "must not be negative": _lt("must not be negative"),
    "must rise, start above zero, not repeat": _lt(
        "must rise from row to row, starting above zero"
    ),
    "must rise, start at zero or above, not repeat": _lt(
        "must rise from row to row, starting at zero or above"
    ),
    "name each product, once": _lt("name each product, and only once"),
    "name the overridden program": _lt("name the program that is replaced"),
    "names a goods group that is not in goods_groups": _lt(
        "is a goods group that is not in use"
    ),
    "needs 0 <= base_rate <= max_rate <= 10000": _lt(
        "must be at least the base discount and at most 100 %"
    ),
    "no points program of this issuer": _lt(
        "is not a running points program of this issuer"
    ),
    "no such branch": _lt("there is no such branch in use"),
    "no such branch of this issuer": _lt("is not a branch in use of this issuer"),
    "no such card type of this issuer": _lt("is not a card type in use of this issuer"),
    "no such issuer": _lt("there is no such issuer in use"),
    "no such program of this issuer": _lt("is not a running program of this issuer"),
    "no such time zone": _lt("there is no such time zone"),
    "points must be 1 to 1000000": _lt("points must be from 1 to 1000000"),
    "price must be above zero": _lt("the price must be above zero"),
    "rates must be 0 to 10000 basis points": _lt("rates must be from 0 to 100 %"),
    "stands twice": _lt("stands there twice"),
    "this branch already has another override": _lt(
        "another program already takes the place at this branch"
    ),
    "valid_days must be 0 to 36500": _lt("days must be from 0 to 36500"),
}


def told(env, message):
    """Return what the core says of a fault in the language of `env`."""
    if message in SENTENCES:
        return env._(SENTENCES[message])
    limits = RANGE.fullmatch(message)
    if limits:
        sentence = env._(RANGE_SENTENCE)
        return sentence % {"least": limits[1], "most": limits[2]}
    return message
