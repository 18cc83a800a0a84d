"""What cannot change while cards hold value: who owes it, and when it is taxed."""

from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.network.check_programs import Fault
from ekarte_core.network.compiled import Network
from ekarte_core.network.terms import SettlingTerms
from ekarte_core.rules.programs import GiftCard

TAXED_OTHERWISE = "cards hold its money: when it is taxed cannot change"
OWED_OTHERWISE = "cards hold its bonuses: who owes them cannot change"


def frozen_faults(
    cr: Cursor, network: Network, version: int, terms: list[SettlingTerms]
) -> list[Fault]:
    """Compare terms with those of the version before; faults as (path, message)."""
    cr.execute(SQL["terms_of_version"], {"version": version})
    before = {(program, seller): rest for program, seller, *rest in cr.fetchall()}
    after = {(one.program, one.seller): one for one in terms}
    faults = {}
    for number, program in enumerate(network.document.programs):
        place = (program.code, program.issuer)
        was_taxed, was_liable = before.get(place, (0, ""))
        now = after.get(place, SettlingTerms(program=place[0], seller=place[1]))
        if isinstance(network.parameters(program.code), GiftCard):
            changed, message = now.tax_rate_bp != was_taxed, TAXED_OTHERWISE
        else:
            changed, message = now.liable != was_liable, OWED_OTHERWISE
        if changed and not program.overrides:
            faults[program.code] = (f"$.programs[{number}]", message)
    if not faults:
        return []
    cr.execute(SQL["programs_with_value"], {"programs": list(faults)})
    return [faults[program] for (program,) in cr.fetchall()]
