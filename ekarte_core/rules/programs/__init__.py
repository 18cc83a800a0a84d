"""The kinds of program, one file each. A new kind is one file and one row here."""

from ekarte_core.rules.programs.accumulated_discount import (
    AccumulatedDiscount,
    DiscountTier,
)
from ekarte_core.rules.programs.bonus_amount import BonusAmount
from ekarte_core.rules.programs.fixed_discount import FixedDiscount
from ekarte_core.rules.programs.gift_card import GiftCard

Parameters = GiftCard | BonusAmount | FixedDiscount | AccumulatedDiscount

PROGRAM_KINDS: dict[str, type[Parameters]] = {
    "gift_card": GiftCard,
    "bonus_amount": BonusAmount,
    "fixed_discount": FixedDiscount,
    "accumulated_discount": AccumulatedDiscount,
}

__all__ = [
    "PROGRAM_KINDS",
    "AccumulatedDiscount",
    "BonusAmount",
    "DiscountTier",
    "FixedDiscount",
    "GiftCard",
    "Parameters",
]
