"""What `w` can write, each a pure function of what was seen and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rules.report.model import Report
from rules.snapshot import Snapshot
from rules.words import N_, _

Writer = Callable[[Snapshot, Report], str]


def _markdown(_snapshot: Snapshot, report: Report) -> str:
    from rules.report import markdown

    return markdown.render(report)


def _text(_snapshot: Snapshot, report: Report) -> str:
    from rules.report import text

    return text.render(report)


def _json(_snapshot: Snapshot, report: Report) -> str:
    from rules.report.as_json import dumps

    return dumps(report)


def _kept(snapshot: Snapshot, _report: Report) -> str:
    from rules.snapshot import dumps

    return dumps(snapshot)


def _path(_snapshot: Snapshot, report: Report) -> str:
    from tui.path_svg import svg

    return svg(report)


def _handoff(snapshot: Snapshot, report: Report) -> str:
    from rules.report import handoff
    from rules.report.handoff_print import as_markdown

    theirs = [offer for offer in report.remedies if handoff.for_others(snapshot, offer)]
    parts = [as_markdown(handoff.make(snapshot, report, offer)) for offer in theirs]
    return "\n---\n\n".join(parts) or _("No fix that is known has a part for the other side.") + "\n"


def _routes_csv(_snapshot: Snapshot, report: Report) -> str:
    import csv
    import io

    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(["vpc", "dest", "kind", "next_hop", "priority", "used", "why_not", "missing", "name"])
    for vpc, rows in report.routes.items():
        for row in rows:
            fate = [row.used, row.why_not or "", "yes" if row.ghost else "", row.name]
            writer.writerow([str(vpc), row.dest, row.kind, row.next_hop, row.priority, *fate])
    return sheet.getvalue()


def _routes_json(_snapshot: Snapshot, report: Report) -> str:
    import json

    from rules.report.as_json import to_json

    whole = to_json(report)
    kept = {key: whole[key] for key in ("schema", "taken_at", "question", "routes")}
    return json.dumps(kept, indent=2, ensure_ascii=False) + "\n"


def _routes_text(_snapshot: Snapshot, report: Report) -> str:
    return "\n".join(_route_lines(report)) + "\n"


def _route_lines(report: Report) -> Iterator[str]:
    from rules.report import labels
    from rules.report.plain import cells, pad, plain

    heads = (_("destination"), _("kind"), _("prio"), _("next hop"), _("fate"))
    asked = report.question
    if asked is not None:
        yield plain(f"{asked.pod} → {asked.target}")
    for vpc, rows in report.routes.items():
        yield from ("", _("Routes of {vpc}").format(vpc=plain(str(vpc))))
        if not rows:
            yield "  " + _("(none could be read)")
            continue
        lines = [heads]
        lines += [
            (plain(row.dest), plain(row.kind), str(row.priority), plain(row.next_hop), plain(labels.route_word(row)))
            for row in rows
        ]
        sizes = [max(cells(line[place]) for line in lines) for place in range(len(heads))]
        marks = ["", *("✓" if row.used else "✗" if row.ghost else "" for row in rows)]
        for mark, line in zip(marks, lines, strict=True):
            columns = "  ".join(pad(text, size) for text, size in zip(line, sizes, strict=True))
            yield f"{pad(mark, 1)} {columns}".rstrip()


WRITERS: dict[str, tuple[str, str, Writer]] = {
    "markdown": (N_("Report for a ticket (Markdown)"), "report.md", _markdown),
    "text": (N_("Report as text"), "report.txt", _text),
    "json": (N_("Report as JSON"), "report.json", _json),
    "path": (N_("Picture of the path (SVG)"), "path.svg", _path),
    "handoff": (N_("Message for the other side's admin (Markdown)"), "handoff.md", _handoff),
    "snapshot": (N_("Snapshot: everything that was seen (JSON)"), "snapshot.json", _kept),
    "routes-text": (N_("Route tables as text"), "routes.txt", _routes_text),
    "routes-json": (N_("Route tables as JSON"), "routes.json", _routes_json),
    "routes": (N_("Route tables (CSV)"), "routes.csv", _routes_csv),
}
