"""What a person sees of each fault on each call: docs/faults.md, written and read, and its summary in CONTRIBUTING."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from stage import CALLS, CONNECTING, CREATING, DELETING, EXEC, READS, cells

from lab.faults.kinds import kinds

Cells = dict[tuple[str, str], str]

_GROUPS = {
    "every read of Kubernetes": tuple(call for call in READS if call.startswith("kubernetes.")),
    "every read of Google": tuple(call for call in READS if not call.startswith("kubernetes.")),
}
_NAMES = {
    CONNECTING: "reading the pod, the first call",
    CREATING: "creating the probe pod",
    DELETING: "deleting the probe pod",
    EXEC: "running a command in a pod",
}
_HEAD = """# Faults: what a person sees

Real servers, proxies and wires do all of this. The lab's servers do it on request, so that a class can meet it:

```
wayhome lab fault list
wayhome lab fault 403 --on compute.networks.listPeeringRoutes
wayhome lab fault hang --on kubernetes.nodes.list --times 1
wayhome lab fault clear
```

Calls are named as gaps name them; `--on` takes patterns (`'compute.*'`) and `exec`. A read that fails becomes one gap,
the others go on, and nothing that was read is lost. Reads alone are asked again: twice at most, for 429, 500, 502, 503
and a connection that ended, and Retry-After is honoured where it ends before the deadline does. `WAYHOME_PATIENCE=3`
makes all deadlines three times as long, for a slow VPN.

The table is drawn by `make faults` from what real clients see on the lab's servers, and the tests hold every cell of it
against them. KUBERNETES, COMPUTE and GKE stand for addresses. An empty cell says that all was as ever.

| fault | on | what the person sees |
|---|---|---|
"""


def cell(call: str, sentences: Sequence[str]) -> str:
    """One cell's text: of gaps of the call itself, why; of everything else, the sentence."""
    short = [re.sub(rf"^{re.escape(call)}(, [^:]*)?: (?:[^:(]*: )?", "not read: ", text) for text in sentences]
    short = [text.replace(f"'{call}'", "'…'") for text in short]
    return "; ".join(dict.fromkeys(short)).replace("|", "\\|")


def draw(seen: Mapping[tuple[str, str], str]) -> str:
    """The page."""
    rows = []
    for fault in kinds():
        texts: dict[str, list[str]] = {}
        for call in (call for name, call in cells() if name == fault):
            texts.setdefault(seen[fault, call], []).append(call)
        rows += [f"| `{fault}` | {_calls(calls)} | {text} |" for text, calls in texts.items()]
    return _HEAD + "\n".join(rows) + "\n"


def read(page: str) -> Cells:
    """The cells that a page shows."""
    found: Cells = {}
    for line in page.splitlines():
        row = re.fullmatch(r"\| `([^`]+)` \| (.*?) \| (.*) \|", line)
        if row is None:
            continue
        for name in row[2].split("; "):
            word = name.strip("`")
            calls = _GROUPS.get(word) or tuple(call for call in CALLS if word in (call, _NAMES.get(call)))
            found.update({(row[1], call): row[3].strip() for call in calls if kinds()[row[1]].befalls(call)})
    return found


_BRIEF = {
    "the first call": (CONNECTING,),
    "a read": READS,
    "the probe pod is made": (CREATING,),
    "and removed": (DELETING,),
    "a command in a pod": (EXEC,),
}
BEGIN, END = "<!-- drawn by make faults -->", "<!-- drawn -->"


def brief(seen: Mapping[tuple[str, str], str]) -> str:
    """The summary: a row for each fault, a column for each kind of call, and in them the heart of the sentences."""
    lines = [f"| fault | {' | '.join(_BRIEF)} |", "|---" * (len(_BRIEF) + 1) + "|"]
    for fault in kinds():
        told = []
        for calls in _BRIEF.values():
            cells = [seen[fault, call] for call in calls if (fault, call) in seen]
            words = dict.fromkeys(_heart(text) for text in cells)
            shown = [word for word in words if word] or (["as ever"] if cells else ["–"])
            told.append("; ".join(shown))
        lines.append(f"| `{fault}` | {' | '.join(told)} |")
    return "\n".join(lines) + "\n"


def summarised(page: str, seen: Mapping[tuple[str, str], str]) -> str:
    """`page` with the summary between its two marks."""
    head, _mark, rest = page.partition(BEGIN)
    _old, _mark, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{brief(seen)}{END}{tail}"


def _heart(text: str) -> str:
    """The reason in a cell, without addresses, fields and what follows from it."""
    text = re.sub(r"^(pod|node)-peer: (not-run: )?|^not read: ", "", text)
    inner = re.search(r"^(?:failed|not reachable|not permitted|not found) \((.*?)\)", text)
    if inner is None:
        inner = re.search(r"^(?:No command could be run|The probe pod could not be created)[^:]*: (.*)", text)
    if inner is None:
        inner = re.search(r"^The probe pod .*? could not be deleted \((.*?)\);", text)
    text = inner[1] if inner is not None else text
    text = re.sub(r"redirected to \S+: ", "", text)
    text = re.sub(r", in [\w.]+", "", text).replace(" at http://KUBERNETES", "")
    text = text.replace("http://KUBERNETES", "the API server")
    text = re.split(r"; (?![^(]*\))", text)[0].strip(" .")
    return "" if text in ("ok", "timeout") else text  # what these probes see where nothing fails


def _calls(calls: Sequence[str]) -> str:
    rest, words = list(calls), []
    fault_calls = set(calls)
    for name, group in _GROUPS.items():
        if set(group) <= fault_calls:
            words.append(name)
            rest = [call for call in rest if call not in group]
    return "; ".join([*words, *(_NAMES.get(call, f"`{call}`") for call in rest)])
