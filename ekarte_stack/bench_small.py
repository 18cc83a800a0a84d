"""The benches that need Odoo with little of everything, so that they do not rot.

One served copy of the demo's database for all of them: a settlement, every page of the
desk, a payment and a race by Odoo's own loyalty, and the page that shows it.
"""

from typing import Any

from ekarte_stack import bench_all, bench_desk, bench_report, bench_rival
from ekarte_stack import bench_settlement as settling
from ekarte_stack.bench_customers import SAMPLES
from ekarte_stack.bench_rival import Rival
from ekarte_stack.bench_settlement import Target, served_copy
from ekarte_stack.locks import only_one
from ekarte_stack.machine import Machine
from ekarte_stack.odoo_door import OdooDoor
from ekarte_stack.result import Result
from ekarte_stack.till_shop import TillShop

DATABASE = "ekarte_t_settlement"
SETTLED = settling.Scope(entries=4_000, days=8, seconds=2, per_second=40)
LOOKED = bench_desk.Scope(cards=SAMPLES, times=1)
TILLS, ONE_CARD = 2, 50


def small(machine: Machine) -> Result:
    """Run them; complain of what is not as it should be."""
    with only_one(machine.home, "bench"), served_copy(machine, DATABASE) as target:
        settled = settling.measure(target, SETTLED)
        desk = _desk(target)
        race = _race(target)
    result = Result()
    page = _page(settled, desk)
    for what, holds in (_settled(settled) | _seen(desk, race, page)).items():
        result.passed += holds
        if not holds:
            result.complain(f"the benches in small: not {what}")
    return result


def _desk(target: Target) -> dict[str, Any]:
    target.rows("give_holders", issuer=bench_desk.ISSUER)
    admin = OdooDoor(target.url, target.database, "admin", "admin")
    admin.call("ekarte.dashboard", "count_now")
    admin.close()
    return bench_desk.look(target, LOOKED) | {"sizes": {}}


def _race(target: Target) -> dict[str, float]:
    """Have Odoo's loyalty sell once, then two of its tills at once with one card."""
    company = TillShop(target.url, target.database).company
    rival = Rival(target.url, target.database, company=company)
    rival.prepare()
    rate = rival.spends(1, 0.1)
    paid, left = bench_rival.tills(rival, TILLS, ONE_CARD)
    return {"rate": rate, "paid": paid, "left": left}


def _page(settled: dict[str, Any], desk: dict[str, Any]) -> str:
    parts = {"settlement": lambda: settled, "desk": lambda: desk}
    report = bench_all.measure(parts, bench_all.about() | {"quick": True})
    return bench_report.page(report)


def _settled(report: dict[str, Any]) -> dict[str, bool]:
    row = report["P10"]
    sizes = row["detail"]["sizes"]
    return {
        "as many entries as were asked for": sizes["entries"] >= SETTLED.entries,
        "operations of several entries": sizes["operations"] < sizes["entries"],
        "entries in two companies": sizes["journal_entries"] > SETTLED.days,
        "value used elsewhere": sizes["clearing_lines"] > sizes["lines"] > 0,
        "one figure": row["median"] == row["worst"] > 0,
        "authorizations meanwhile": row["p99_ratio"] > 0,
        "a ledger that holds": report["checks"] == [settling.HOLDS],
        "a table to read": "P10" in "\n".join(settling.lines_of(report)),
    }


def _seen(desk: dict[str, Any], race: dict[str, float], page: str) -> dict[str, bool]:
    row = desk["P14"]
    return {
        "every page of the desk": len(row["detail"]) > 20 and row["median"] > 0,
        "a table of the pages": "P14" in "\n".join(bench_desk.lines_of(desk)),
        "a sale by Odoo's loyalty": race["rate"] > 0,
        "a card that Odoo's tills took": 1 <= race["paid"] <= TILLS,
        "both goals on the page": page.count("P10") > 0 < page.count("P14"),
    }
