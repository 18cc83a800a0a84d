"""The kinds of program, one file each. A new kind is one file and one row here."""

from ekarte_core.parser import Parser
from ekarte_core.rules.programs.accumulated_discount import AccumulatedDiscount
from ekarte_core.rules.programs.attendance import Attendance
from ekarte_core.rules.programs.bonus_amount import BonusAmount
from ekarte_core.rules.programs.bonus_prize import BonusPrize, Prize
from ekarte_core.rules.programs.bonus_visit import BonusVisit
from ekarte_core.rules.programs.calculated_discount import CalculatedDiscount
from ekarte_core.rules.programs.credit_card import CreditCard
from ekarte_core.rules.programs.discount import Discount, DiscountTier
from ekarte_core.rules.programs.exchange import Exchange
from ekarte_core.rules.programs.fixed_discount import FixedDiscount
from ekarte_core.rules.programs.gift_card import GiftCard
from ekarte_core.rules.programs.kind import RATE_BP_MAX, Kind, Receipt
from ekarte_core.rules.programs.points import Convertible, Points
from ekarte_core.rules.programs.purchase_accounting import PurchaseAccounting
from ekarte_core.rules.programs.visit_pass import VisitPass

PROGRAM_KINDS: dict[str, type[Kind]] = {
    "gift_card": GiftCard,
    "bonus_amount": BonusAmount,
    "bonus_visit": BonusVisit,
    "fixed_discount": FixedDiscount,
    "accumulated_discount": AccumulatedDiscount,
    "calculated_discount": CalculatedDiscount,
    "purchase_accounting": PurchaseAccounting,
    "credit_card": CreditCard,
    "attendance": Attendance,
    "visit_pass": VisitPass,
    "bonus_prize": BonusPrize,
    "exchange": Exchange,
}

PROGRAM_PARSERS: dict[str, Parser[Kind]] = {
    name: Parser(kind) for name, kind in PROGRAM_KINDS.items()
}

__all__ = [
    "PROGRAM_KINDS",
    "PROGRAM_PARSERS",
    "RATE_BP_MAX",
    "AccumulatedDiscount",
    "Attendance",
    "BonusAmount",
    "BonusPrize",
    "BonusVisit",
    "CalculatedDiscount",
    "Convertible",
    "CreditCard",
    "Discount",
    "DiscountTier",
    "Exchange",
    "FixedDiscount",
    "GiftCard",
    "Kind",
    "Points",
    "Prize",
    "PurchaseAccounting",
    "Receipt",
    "VisitPass",
]
