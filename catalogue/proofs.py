"""The commands of a cause's page, "Prove it yourself", typed on the lab of its scenario with kubectl and gcloud."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address

from catalogue.worlds import World
from lab.scenario.model import Scenario
from rules import causes
from rules.snapshot import Target, Vpc

SECONDS = 120
AT_ONCE = 3
UNTYPED = {
    "gcloud compute ssh": "the lab's VMs have no shell",
    "gcloud dns": "the lab has no DNS API",
    "--container istio-proxy": "the lab's mesh has no program of its own",
    "get-nat-mapping-info": "the lab's Cloud NAT serves nobody",
    "fqdnnetworkpolicies": "the lab has no such resource",
    "ciliumclusterwidenetworkpolicies": "the lab has no such resource",
    "conntrack": "the simulated nodes keep no table of connections",
    "sysctl": "the simulated nodes have no such settings",
}
"""What in a command no lab can play, and why."""

_FENCE = re.compile(r"^## Prove it yourself\n+```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PLACE = re.compile(
    r"(?<![A-Za-z0-9_{.])[A-Z][A-Z_]+(?![A-Za-z0-9_:.=])|(?<==)[A-Z][A-Z_]+|(?<=/)[A-Z][A-Z_]+(?=[$:/'])"
)
_NEEDLE = re.compile(
    r"[a-z]+[A-Z][A-Za-z]+: \w+|[a-z]+(?:[A-Z][a-z]+)+|[A-Z]+(?:_[A-Z]+)+|NotFound|rejected by peer config"
)
_SILENT = re.compile(r"\bno(?:thing|ne|t)?\b")
_WENT = re.compile(r"command terminated with exit code (\d+)")
_NOT_MEASURED = (2, 126, 127)
_AGENT = "$(kubectl get pods -n kube-system -l k8s-app=ip-masq-agent -o name | head -1)"
_LITERAL = frozenset(
    (
        "AND",
        "CIDR",
        "EGRESS",
        "FORWARD",
        "GET",
        "INCOMING",
        "INGRESS",
        "IP",
        "MASQ",
        "NAME",
        "OUTGOING",
        "PODS",
        "VERSION",
    )
)
"""Words in capitals that stand for themselves."""


@dataclass(frozen=True)
class Typed:
    """A command as the page has it, without its comment, and what the comment promises."""

    text: str
    promise: str


def commands(id: str) -> tuple[Typed, ...]:
    """The commands of a cause's page, a continued line as one."""
    block = _FENCE.search(causes.page(id))
    found = []
    for line in re.sub(r"\\\n\s*", "", block[1] if block else "").splitlines():
        text, _hash, promise = line.partition(" #")
        found.append(Typed(text.strip(), promise.strip()))
    return tuple(found)


def untyped(command: Typed) -> str:
    """Why no lab can play the command; '' where it can."""
    return next((why for word, why in UNTYPED.items() if word in command.text), "")


def wrong(world: World, environment: Mapping[str, str]) -> str:
    """What is wrong with the commands of the page of `world`'s own cause, typed on its running lab; '' for nothing."""
    typed = [each for each in commands(world.own) if not untyped(each)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        said = pool.map(lambda each: _type(each, world.scenario, environment), typed)
        return "; ".join(filter(None, said))


def _type(command: Typed, scenario: Scenario, environment: Mapping[str, str]) -> str:
    try:
        text = fill(command.text, scenario)
    except LookupError as error:
        return f"{command.text}: nothing stands for {error}"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", text],
        env={**environment, "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    why = judge(command, done.returncode, done.stdout, done.stderr)
    return f"{text}: {why}" if why else ""


def judge(command: Typed, code: int, out: str, err: str) -> str:
    """What is wrong with what a command said; '' for nothing. A probe may fail, as long as it was made."""
    missing = [each for each in _NEEDLE.findall(command.promise) if each not in out + err]
    if missing:
        return f"does not show {', '.join(missing)}"
    went = _WENT.search(err)
    if went is not None and "kubectl exec" in command.text and int(went[1]) not in _NOT_MEASURED:
        return ""
    if code != 0 and "NotFound" not in command.promise:
        return f"exit {code}, {' '.join(err.split())[-160:]}"
    if not out.strip() and not _SILENT.search(command.promise) and "NotFound" not in command.promise:
        return f"prints nothing; {' '.join(err.split())[-80:]}"
    roots = re.search(r"--format '?yaml\(([^)]*)\)", command.text)
    absent = [root for root in roots[1].split(",") if f"{root}:" not in out] if roots else []
    return f"does not show {', '.join(absent)}" if absent else ""


def fill(text: str, scenario: Scenario) -> str:
    """The command with this scenario's names in place of the page's. KeyError names a word that nothing stands for."""
    words = _words(text, scenario)
    pod, target, local = scenario.question.pod, scenario.question.target, scenario.question.local
    for name, where in (("TARGET", target), ("LOCAL", local)):
        if where is not None:
            text = text.replace(f"http://{name}:PORT/", _url(where)).replace(f"http://{name}/", _url(where))
    if scenario.question.proxy is not None:
        text = text.replace("http://PROXY:PORT/", _url(scenario.question.proxy))
    text = re.sub(r"(?<![A-Z_])POD (?!.*--?n(amespace)? )", f"{pod.name} --namespace {pod.namespace} ", text, count=1)
    return _PLACE.sub(lambda found: words.get(found[0]) or _kept(found[0]), text)


def _kept(word: str) -> str:
    if word in _LITERAL:
        return word
    raise KeyError(word)


def _url(target: Target) -> str:
    port = f":{target.port}" if target.port not in (80, None) else ""
    return f"http://{target.ip}{port}{target.path or '/'}"


def _words(text: str, scenario: Scenario) -> dict[str, str]:
    """What each of the page's words stands for, in a command about the project and network that it names."""
    question, cluster = scenario.question, scenario.cluster
    own, peer = cluster.vpc, _peer(scenario)
    project = peer.project if "PROJECT_B" in text else own.project
    asked = question.local if project == own.project and question.local is not None else question.target
    pod = next((each for each in scenario.pods if each.ref == question.pod), None)
    vm = next((each for each in scenario.vms if each.project == project and str(each.address) == asked.ip), None)
    router = next((each for net in scenario.networks if net.vpc.project == project for each in net.routers), None)
    rule = next((each for each in scenario.balancers if str(each.address) == question.target.ip), None)
    here, there = _peering(scenario, own, peer), _peering(scenario, peer, own)
    found = {
        "POD": question.pod.name,
        "NAMESPACE": question.pod.namespace,
        "NODE": pod.node if pod else None,
        "POD_ADDRESS": str(pod.address) if pod else None,
        "AGENT_POD": _AGENT,
        "TARGET": question.target.ip,
        "PORT": str(question.target.port),
        "LOCAL": question.local.ip if question.local else None,
        "VPC_A": own.name,
        "PROJECT_A": own.project,
        "VPC_B": peer.name,
        "PROJECT_B": peer.project,
        "PEERING": there if "VPC_B" in text else here,
        "PEERING_A": here,
        "PEERING_B": there,
        "CLUSTER": cluster.name,
        "LOCATION": cluster.zone,
        "VM": vm.name if vm else None,
        "ZONE": vm.zone if vm and " VM " in text else cluster.zone,
        "ROUTER": router.name if router else None,
        "RULE": rule.name if rule else None,
        "REGION": _region(text, scenario, router.region if router else "", rule.region if rule else ""),
    }
    if "http://NAME" in text or "nslookup NAME" in text:
        found["NAME"] = question.host or question.target.ip
    return {word: value for word, value in found.items() if value}


def _region(text: str, scenario: Scenario, router: str, rule: str) -> str:
    return router if " ROUTER" in text else rule if " RULE" in text else scenario.cluster.region


def _peer(scenario: Scenario) -> Vpc:
    """The network on the other side: the target's where it is peered with the cluster's or with nobody, else the peer
    that comes before it."""
    own = scenario.cluster.vpc
    plans = {network.vpc: network for network in scenario.networks}
    peers = [peering.peer for peering in plans[own].peerings if peering.peer in plans]
    ip = IPv4Address(scenario.question.target.ip)
    holders = [
        network.vpc
        for network in scenario.networks
        if network.vpc != own
        and any(ip in each for net in network.subnets for each in (net.range, *net.secondary.values()))
    ]
    holder = holders[0] if holders else None
    if holder is not None and (holder in peers or not peers or not plans[holder].peerings):
        return holder
    return peers[0] if peers else holder or own


def _peering(scenario: Scenario, here: Vpc, there: Vpc) -> str | None:
    plan = scenario.network(here)
    named = [each.name for each in plan.peerings if each.peer == there] if plan else []
    return named[0] if named else next((each.name for each in plan.peerings), None) if plan else None
