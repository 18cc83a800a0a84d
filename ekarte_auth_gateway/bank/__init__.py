"""Bank cards: the rest of a purchase, through an acquirer, over ISO 8583 (ADR 0028)."""

from ekarte_auth_gateway.bank.banks import BankLimits, Banks
from ekarte_auth_gateway.bank.courier import Patience
from ekarte_auth_gateway.bank.figures import BankFigures
from ekarte_auth_gateway.bank.link import LinkRhythm

__all__ = ["BankFigures", "BankLimits", "Banks", "LinkRhythm", "Patience"]
