"""The route tables of both VPCs: what carried the packet, what lost and why, and the row that should be there."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from rules.report.model import RouteRow
from rules.snapshot import Vpc
from rules.words import _, plural
from tui.case import Case
from tui.commands import bindings
from tui.glyphs import State, glyph
from tui.plain import content, plain
from tui.views.base import FilteredView, lines
from tui.views.path import ObjectWanted
from tui.widgets.grid import Column, Grid, Line

SORTS = ("fate", "destination", "kind", "next hop", "priority")


def columns() -> tuple[Column, ...]:
    """The columns of a route table."""
    return (
        Column("", 1),
        Column(_("destination"), 18),
        Column(_("fate"), 28, flex=True),
        Column(_("next hop"), 26),
        Column(_("prio"), 5, right=True),
        Column(_("kind"), 15, optional=True),
    )


def fate(row: RouteRow) -> str:
    """What became of the row for this packet, in a few words."""
    if row.ghost:
        return _("MISSING: {why}").format(why=row.why_not or _("no reason known"))
    if row.used == "forward":
        return _("carries request")
    if row.used == "return":
        return _("carries answer")
    return row.why_not or ""


def line_of(row: RouteRow, *, ascii: bool = False) -> Line:
    """A route as a line of the table, with its sort keys."""
    rank = 0 if row.ghost else 1 if row.used else 2 if row.why_not else 3
    try:
        network = IPv4Network(row.dest)
        place = (int(network.network_address), network.prefixlen)
    except ValueError:
        place = (1 << 32, 0)
    state = State.FAIL if row.ghost else State.OK if row.used else State.IDLE
    role = "ghost" if row.ghost else "plain" if row.used else "quiet"
    cells = (glyph(state, ascii=ascii), row.dest, fate(row), row.next_hop, str(row.priority), row.kind)
    keys = ((rank, place), place, (row.kind, place), (row.next_hop, place), (row.priority, place))
    return Line(cells, role=role, first=str(state), keys=keys, item=row)


class RouteTable(Vertical):
    """One VPC: its name, how many rows, the table."""

    def __init__(self, side: str) -> None:
        super().__init__(classes="route-table")
        self.side = side
        self.vpc: Vpc | None = None

    def compose(self) -> ComposeResult:
        yield Static(classes="route-title", markup=False)
        yield Grid(columns(), id=f"routes-{self.side}")

    @property
    def grid(self) -> Grid:
        """The table."""
        return self.query_one(Grid)

    def entitle(self, arrow: str) -> None:
        """Write the title over the table."""
        grid = self.grid
        name = str(self.vpc) if self.vpc is not None else _("not known")
        shown = len(grid.rows)
        number = plural("{count} route", "{count} routes", grid.total)
        if shown != grid.total:
            number = _("{shown} of {total}").format(shown=shown, total=number)
        title = Content.assemble((plain(name), "bold"), (f"  {number}  {arrow}", "$quiet"))
        self.query_one(".route-title", Static).update(title)


class RoutesView(FilteredView):
    """Two tables, the row under the cursor in words, and a filter."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("routes")]
    field = "routes-filter"
    HELP = _(
        "Every route of both VPCs and its fate for this packet. The row that should be there and is not comes first, "
        "as MISSING with the reason. / filters both tables as you type, s sorts, tab goes to the other VPC, enter "
        "opens the route as it was read."
    )

    def __init__(self) -> None:
        super().__init__(id="routes")
        self._shown: dict[Vpc, tuple[RouteRow, ...]] | None = None

    def compose(self) -> ComposeResult:
        yield Input(placeholder=_("Filter: any words of a row; escape clears"), id="routes-filter")
        with Container(id="routes-tables"):
            yield RouteTable("near")
            yield RouteTable("far")
        yield Static(id="routes-row", markup=False)

    def on_mount(self) -> None:
        self.query_one("#routes-filter", Input).display = False

    @property
    def tables(self) -> list[RouteTable]:
        """Both tables, the pod's side first."""
        return list(self.query(RouteTable).results(RouteTable))

    def home(self) -> Widget:
        return self._tables_by_interest()[0].grid

    def _tables_by_interest(self) -> list[RouteTable]:
        def ghosts(table: RouteTable) -> bool:
            return any(isinstance(row.item, RouteRow) and row.item.ghost for row in table.grid.rows[:50])

        return sorted(self.tables, key=lambda table: not ghosts(table))

    def show(self, case: Case) -> None:
        if not self.is_mounted:
            return
        routes = case.report.routes if case.report is not None else {}
        if routes is self._shown:
            return
        self._shown = routes
        question = case.report.question if case.report is not None else None
        first = question.network if question is not None else None
        order = sorted(routes, key=lambda vpc: (vpc != first, str(vpc)))
        for table, vpc in zip(self.tables, [*order, None, None], strict=False):
            table.vpc = vpc
            table.grid.load(line_of(row, ascii=self.ascii) for row in (routes[vpc] if vpc is not None else ()))
            table.entitle(self._direction(first_side=table.side == "near"))
        if not routes:
            hint = case.progress() or _("No tables yet: the configuration is not read.")
            self.query_one("#routes-row", Static).update(Content.styled(plain(hint), "$quiet"))

    def _direction(self, *, first_side: bool) -> str:
        return _("the pod's side") if first_side else _("the peer's side")

    def on_grid_moved(self, event: Grid.Moved) -> None:
        event.stop()
        if event.grid.has_focus:
            self._tell(event.line)

    def on_descendant_focus(self) -> None:
        if isinstance(self.screen.focused, Grid):
            self._tell(self.screen.focused.current)
        for table in self.tables:
            table.grid.refresh()

    def on_grid_chosen(self, event: Grid.Chosen) -> None:
        event.stop()
        self.action_open_object()

    def _tell(self, line: Line | None) -> None:
        row = line.item if line is not None else None
        if not isinstance(row, RouteRow):
            self.query_one("#routes-row", Static).update("")
            return
        state = State.FAIL if row.ghost else State.OK if row.used else State.IDLE
        head = Content.assemble(
            self.sign(state, fate(row) or _("has no part in it")),
            (f"   {plain(row.dest)} → {plain(row.next_hop)}", "bold"),
            (f"   {plain(row.name)}" if row.name and self.wide else "", "$quiet"),
        )
        self.query_one("#routes-row", Static).update(lines(head, content(row.sentence)) if row.sentence else head)

    def _current(self) -> Grid:
        focused = self.screen.focused
        return focused if isinstance(focused, Grid) else self.tables[0].grid

    def action_filter(self) -> None:
        """Type to filter."""
        self.open_filter()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        for table in self.tables:
            table.grid.filter(event.value)
            table.entitle(self._direction(first_side=table.side == "near"))

    def action_sort(self) -> None:
        """Sort both tables by the next of the sort keys."""
        by = (self.tables[0].grid.sorted_by + 1) % len(SORTS)
        for table in self.tables:
            table.grid.sort(by)
        names = (_("fate"), _("destination"), _("kind"), _("next hop"), _("priority"))
        self.app.notify(_("Sorted by {name}.").format(name=names[by]), markup=False)

    def action_other(self) -> None:
        """Go to the other table."""
        grids = [table.grid for table in self.tables]
        here = self._current()
        grids[(grids.index(here) + 1) % len(grids)].focus()

    def action_open_object(self) -> None:
        """Show the route under the cursor as it was read."""
        line = self._current().current
        if line is not None and isinstance(line.item, RouteRow):
            self.post_message(ObjectWanted(line.item.object or line.item.name))

    def copied(self) -> tuple[str, str] | None:
        line = self._current().current
        row = line.item if line is not None else None
        if not isinstance(row, RouteRow):
            return None
        text = f"{row.dest} {row.kind} next hop {row.next_hop} priority {row.priority} {fate(row)}".rstrip()
        return _("the route"), text
