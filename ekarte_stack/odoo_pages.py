"""What Odoo's web client asks when a person opens a menu: views first, then their rows.

Nothing is left out and nothing added: the specification is read from the view's own
architecture, invisible fields and lists within forms included.
"""

import ast
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ekarte_stack.odoo_door import OdooDoor

PAGE, LINES, COUNT_MAX = 80, 40, 10_001  # web/static/src/model/relational_model
MULTIPLE = ("one2many", "many2many")


@dataclass(frozen=True)
class Window:
    """An action's window on a model, opened by one user."""

    door: OdooDoor
    name: str
    model: str
    archs: Mapping[str, ET.Element]  # by the view's type
    fields: Mapping[str, Mapping[str, Any]]  # of all models, as `get_views` tells them
    domain: tuple[Any, ...] = ()

    def typed(self, name: str, text: str) -> list[Any]:
        """Return the domain of a text typed for one field of the search box."""
        (node,) = (
            n for n in self.archs["search"].iter("field") if n.get("name") == name
        )
        said = node.get("filter_domain")
        if said is None:
            return [[name, node.get("operator", "ilike"), text]]
        found: list[Any] = ast.literal_eval(said.replace("self", repr(text)))
        return found

    def rows(self, *domain: Any, groups: tuple[str, ...] = ()) -> Any:
        """Return the first page of the list, or its groups."""
        spec = specification(self.archs["list"], self.model, self.fields)
        if groups:
            return self.door.call(
                self.model,
                "web_read_group",
                domain=[*self.domain, *domain],
                groupby=list(groups),
                aggregates=[*self._sums("list"), "__count"],
                limit=PAGE,
                auto_unfold=False,
                opening_info=[],
                unfold_read_specification=spec,
                unfold_read_default_limit=PAGE,
            )["groups"]
        return self.door.call(
            self.model,
            "web_search_read",
            domain=[*self.domain, *domain],
            specification=spec,
            limit=PAGE,
            count_limit=COUNT_MAX,
        )["records"]

    def form(self, record: int) -> Any:
        """Return what the form shows of one record."""
        spec = specification(self.archs["form"], self.model, self.fields)
        return self.door.call(self.model, "web_read", [record], specification=spec)

    def pivot(self, *domain: Any) -> Any:
        """Return the cells of the pivot as it opens."""
        rows, columns = (self._axis("pivot", kind) for kind in ("row", "col"))
        sets: list[list[str]] = [[], rows, columns, [*rows, *columns]]
        return self.door.call(
            self.model,
            "formatted_read_grouping_sets",
            domain=[*self.domain, *domain],
            grouping_sets=[one for n, one in enumerate(sets) if one not in sets[:n]],
            aggregates=[*self._measures("pivot"), "__count"],
        )

    def graph(self, *domain: Any) -> Any:
        """Return the bars of the graph as it opens."""
        return self.door.call(
            self.model,
            "formatted_read_group",
            domain=[*self.domain, *domain],
            groupby=self._axis("graph", None),
            aggregates=[*self._measures("graph"), "__count"],
        )

    def _axis(self, view: str, kind: str | None) -> list[str]:
        """Return what the view groups by; of dates, by which interval."""
        found = []
        for node in self.archs[view].iter("field"):
            if node.get("type") == kind:
                name, interval = node.attrib["name"], node.get("interval")
                is_date = self._field(name)["type"] in ("date", "datetime")
                found.append(f"{name}:{interval or 'month'}" if is_date else name)
        return found

    def _measures(self, view: str) -> list[str]:
        nodes = self.archs[view].iter("field")
        names = [n.attrib["name"] for n in nodes if n.get("type") == "measure"]
        return [f"{name}:{self._field(name)['aggregator']}" for name in names]

    def _sums(self, view: str) -> list[str]:
        nodes = self.archs[view].iter("field")
        return [f"{n.attrib['name']}:sum" for n in nodes if n.get("sum")]

    def _field(self, name: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.fields[self.model]["fields"][name]
        return found


def open_window(door: OdooDoor, action: str, *domain: Any) -> Window:
    """Open an action by its XML id: its model, its views, the fields they name."""
    told = door.post("/web/action/load", {"action_id": f"ekarte_loyalty.{action}"})
    views = [view for view in told["views"] if view[1] != "search"]
    answer = door.call(
        told["res_model"], "get_views", views=[*views, [False, "search"]], options={}
    )
    archs = {
        kind: ET.fromstring(view["arch"])  # noqa: S314 - Odoo's own, from our own server
        for kind, view in answer["views"].items()
    }
    return Window(
        door, told["name"], told["res_model"], archs, answer["models"], domain
    )


def specification(
    arch: ET.Element, model: str, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Return which fields a view asks for, those of its inner lists too."""
    found: dict[str, Any] = {}
    known = fields[model]["fields"]
    for node in _outer_fields(arch):
        name = node.attrib["name"]
        kind = known[name]["type"]
        inner = next((child for child in node if child.tag in ("list", "kanban")), None)
        if kind == "many2one":
            found[name] = {"fields": {"display_name": {}}}
        elif kind in MULTIPLE and inner is not None:
            spec = specification(inner, known[name]["relation"], fields)
            limit = int(inner.get("limit", LINES))
            found[name] = {"fields": spec, "limit": limit, "order": ""}
        else:
            found[name] = {}
    return found


def _outer_fields(arch: ET.Element) -> list[ET.Element]:
    """Return the fields of a view itself, not those of lists within."""
    found = []
    for child in arch:
        if child.tag == "field":
            found.append(child)
        else:
            found += _outer_fields(child)
    return found
