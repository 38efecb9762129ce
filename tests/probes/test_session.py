"""A Session against the article's cluster: what it reads, what it measures, what it leaves behind."""

from __future__ import annotations

from probes.ask import Ask
from probes.events import Announced, Probed
from probes.session import Session
from rules.snapshot import Outcome, Target, Vpc, dumps, loads


def article_says(pod: str, container: str, argv: list[str]) -> tuple[int, str, str]:
    """What the article saw: everything answers but pod to peer."""
    text = " ".join(argv)
    if argv[0] == "iptables-save":
        return 0, "*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -j IP-MASQ\nCOMMIT\n", ""
    if argv[0] != "curl":
        return 127, "", "not found"
    if pod == "my-pod" and "10.2.0.10" in text:
        return 28, "", "curl: (28) Connection timed out after 3001 milliseconds\n"
    return 0, "OK", ""


def test_collects_both_sides_and_measures_everything(cluster, ask: Ask) -> None:
    cluster.execute = article_says
    events = []
    session = Session(ask, events.append)
    try:
        snapshot = session.collect()
    finally:
        session.close()
    assert [(gap.read, gap.of, gap.detail) for gap in snapshot.gaps] == []
    assert snapshot.question.network == Vpc("project-a", "vpc-a")
    assert snapshot.question.peer == Vpc("project-b", "vpc-b")
    assert snapshot.question.local == Target("10.1.0.21", 80)
    outcomes = {probe.id: probe.outcome for probe in snapshot.probes}
    assert outcomes == {
        "pod-local": Outcome.OK,
        "node-local": Outcome.OK,
        "node-peer": Outcome.OK,
        "pod-peer": Outcome.TIMEOUT,
    }
    assert set(snapshot.compute) == {"project-a", "project-b"}
    rows = {
        (row["network"], row["peering"], row["direction"])
        for row in snapshot.compute_list("project-a", "peeringRoutes")
    }
    assert rows == {("vpc-a", "a-to-b", "INCOMING"), ("vpc-a", "a-to-b", "OUTGOING")}
    assert [one["name"] for one in snapshot.container["clusters"]] == ["cluster-1"]
    assert "gke-node-01" in snapshot.node_nat
    assert loads(dumps(snapshot)) == snapshot
    assert sum(isinstance(event, Probed) for event in events) == 4
    assert sum(isinstance(event, Announced) for event in events) == 1
    assert [key for key in cluster.store.table("kube/pods") if "wayhome" in key] == []
