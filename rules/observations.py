"""Which repeat of pod → peer would tell the causes that remain apart, and what a person would type for it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from rules.case import Case
from rules.causes import Cause, Finding
from rules.repeats import BULK, KINDS, Repeat
from rules.report.model import Next, Status
from rules.snapshot import Outcome
from rules.words import _

MOST_NODES = 4
_OPEN = (Status.LIKELY, Status.POSSIBLE)
_ANSWERS = frozenset({Outcome.OK, Outcome.APP_ERROR, Outcome.REFUSED})


def separating(case: Case, found: Iterable[tuple[Cause, Finding]]) -> Next | None:
    """The cheapest repeat of which the open causes expect different things; None when there is none."""
    remaining = [(cause, finding.cells or cause.cells) for cause, finding in found if finding.status in _OPEN]
    for kind in KINDS:
        wanted = available(case, kind)
        if not wanted:
            continue
        speaking = {cause.id: cells.repeats[kind] for cause, cells in remaining if cells.repeats.get(kind)}
        answered = [name for name, allowed in speaking.items() if allowed & _ANSWERS]
        silent = [name for name, allowed in speaking.items() if not allowed & _ANSWERS]
        if answered and (silent or len(speaking) < len(remaining)):
            return _next(case, kind, wanted, answered)
    return None


def healing(case: Case) -> Next | None:
    """Where everything that was read lets the packet through: once more, then from elsewhere; None when all is tried.

    What heals, and what differs by node or namespace, are different families of causes.
    """
    if not case.unexplained:
        return None
    for kind in ("try", "node", "namespace"):
        wanted = available(case, kind)
        if wanted:
            return _next(case, kind, wanted, ())
    return None


def available(case: Case, kind: str) -> tuple[Repeat, ...]:
    """Repeats of `kind` that were not measured yet and that wayhome can make; a node has many, the rest one."""
    pod, target = case.pod, case.question.target
    if pod is None or pod.host_network or case.measured("pod-peer") is None or case.repeats(kind):
        return ()
    values: tuple[str, ...] = ()
    if kind == "try":
        values = ("2",)
    elif kind == "node":
        values = tuple(name for name in sorted(case.world.nodes) if name != pod.node)[:MOST_NODES]
    elif kind == "namespace":
        values = _namespaces(case)[:1]
    elif kind == "protocol" and target.protocol == "tcp":
        values = ("icmp",)
    elif kind == "size" and target.protocol == "tcp":
        values = (str(BULK),)
    return tuple(Repeat("pod-peer", kind, value) for value in values)


def _namespaces(case: Case) -> tuple[str, ...]:
    """Other namespaces in which pods run, those without NetworkPolicies first; never the system's own."""
    own = case.question.pod.namespace
    known = {ref.namespace for ref in case.world.pods or {}} | {"default"}
    policed = {(each.get("metadata") or {}).get("namespace") for each in case.world.network_policies or ()}
    found = sorted(known - {own}, key=lambda name: (name in policed, name))
    return tuple(name for name in found if not name.startswith(("kube-", "gke-", "gmp-")))


def _next(case: Case, kind: str, wanted: tuple[Repeat, ...], answered: Iterable[str]) -> Next:
    ids = ", ".join(answered)
    values = ", ".join(repeat.value for repeat in wanted)
    sentence = {
        "try": _("Ask once more on a fresh connection: what heals by itself is answered then."),
        "node": _("Ask from a pod on {values}: what differs by node is then told from what does not."),
        "namespace": _("Ask from a pod in the namespace {values}: a policy or a mesh of one namespace spares it."),
        "port": _("Ask another port: {values}."),
        "protocol": _("Ask by {values}: a rule for one protocol spares the other."),
        "size": _("Send {values} bytes at once: small packets pass where large ones are lost."),
    }[kind].format(values=values)
    if ids:
        sentence += " " + _("An answer speaks for {causes}.").format(causes=ids)
    return Next(sentence, command(case, wanted[0]), tuple(str(repeat) for repeat in wanted))


def command(case: Case, repeat: Repeat) -> str:
    """What a person would type for `repeat`."""
    pod, target = case.question.pod, case.question.target
    url = f"http://{target.ip}:{target.port or 80}{target.path or '/'}"
    curl: tuple[str, ...] = ("curl", "-sS", "-m", "3", url)
    inside = ("kubectl", "exec", "-n", pod.namespace, pod.name, "--")
    made = ("kubectl", "run", "wayhome-probe", "--rm", "-i", "--restart=Never", "--image=curlimages/curl")
    if repeat.kind == "protocol":
        return shlex.join((*inside, "ping", "-c", "1", "-W", "3", target.ip))
    if repeat.kind == "size":
        sent = (*inside[:2], "-i", *inside[2:], "curl", "-sS", "-m", "3", "--data-binary", "@-", url)
        return f"head -c {repeat.value} /dev/zero | {shlex.join(sent)}"
    if repeat.kind == "node":
        pinned = f'{{"spec":{{"nodeName":"{repeat.value}"}}}}'
        return shlex.join((*made, "-n", pod.namespace, f"--overrides={pinned}", "--command", "--", *curl))
    if repeat.kind == "namespace":
        return shlex.join((*made, "-n", repeat.value, "--command", "--", *curl))
    return shlex.join((*inside, *curl))
