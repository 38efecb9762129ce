"""NetworkPolicies as iptables rules in the node's FORWARD chain, where the pod's wire comes in: before masquerading.

Only where the cluster enforces them: Dataplane V2 always, otherwise with the network policy add-on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network
from typing import Any

from lab.fabric.kernel.tables import device
from lab.store import Object, Store

Labels = Mapping[str, str]
HANDED_ON = ("FORWARD", "OUTPUT")


def _clusters(store: Store) -> list[Object]:
    return [cluster for name in store.names("container/") for cluster in store.table(name).values()]


def dataplane_v2(store: Store) -> bool:
    """Whether the nodes run Cilium, for which an ipBlock never means a pod."""
    return any(
        each.get("networkConfig", {}).get("datapathProvider") == "ADVANCED_DATAPATH" for each in _clusters(store)
    )


def enforced(store: Store) -> bool:
    """Whether the cluster's NetworkPolicies do anything."""
    return dataplane_v2(store) or any(each.get("networkPolicy", {}).get("enabled") for each in _clusters(store))


def _no_pods_behind(store: Store) -> Iterable[str]:
    """kube-proxy's refusals, as matches: Services whose pods are none. Those with pods are not modelled."""
    pods = store.table("kube/pods").values()
    for service in store.table("kube/services").values():
        spec = service.get("spec") or {}
        selector, address = spec.get("selector") or {}, spec.get("clusterIP", "None")
        space = service["metadata"].get("namespace")
        behind = [
            pod
            for pod in pods
            if pod["metadata"].get("namespace") == space
            and matches({"matchLabels": selector}, pod["metadata"].get("labels", {}))
        ]
        if selector and not behind and address not in ("None", ""):
            for port in spec.get("ports") or ():
                yield f"-d {address}/32 -p {port.get('protocol', 'TCP').lower()} --dport {port['port']}"


def _kept_here(store: Store, node: str) -> list[str]:
    """The node's own pod ranges: what is sent there never leaves the node, whether a pod has the address or not."""
    spec = (store.table("kube/nodes").find(node) or {}).get("spec", {})
    return list(spec.get("podCIDRs") or ())


def node_filter(store: Store, node: str, pods: Iterable[str]) -> str:
    """The filter table of `node`, which runs `pods` (NAMESPACE/NAME).

    What comes from the network for nobody here would go back to the network and circle; it ends here instead.
    """
    chains: list[str] = []
    hooks: list[str] = []
    rules: list[str] = []
    policies = store.table("kube/networkpolicies").values() if enforced(store) else []
    for pod in pods:
        found = store.table("kube/pods").get(pod)
        for kind, option in (("Egress", "-i"), ("Ingress", "-o")):
            selected = [each for each in policies if _selects(each, found, kind)]
            if not selected:
                continue
            wire = device("c", pod)
            chain = f"{kind.lower()}-{wire}"
            chains.append(f":{chain} - [0:0]")
            hooks.append(f"-A FORWARD {option} {wire} -j {chain}")
            for policy in selected:
                rules += [f"-A {chain}{match} -j RETURN" for match in _matches(store, policy, kind)]
            rules.append(f"-A {chain} -j DROP")
    for pod in pods:
        held = (store.table("guest/pods").find(pod) or {}).get("heldBack", [])
        hooks += [f"-A FORWARD -i {device('c', pod)} -d {found} -j DROP" for found in held]
    head = ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", *chains]
    known = "-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"
    refused = [
        f"-A {chain} {match} -j REJECT --reject-with icmp-port-unreachable"
        for match in _no_pods_behind(store)
        for chain in HANDED_ON
    ]
    kept = [f"-A {chain} -o eth0 -d {found} -j DROP" for found in _kept_here(store, node) for chain in HANDED_ON]
    return "\n".join(
        [
            *head,
            "-A FORWARD -i eth0 -o eth0 -j DROP",
            *kept,
            *refused,
            known,
            *sorted(hooks, key=lambda hook: " -o " in hook),
            *rules,
            "COMMIT",
            "",
        ]
    )


def _selects(policy: Object, pod: Object, kind: str) -> bool:
    spec = policy["spec"]
    types = spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
    same = policy["metadata"].get("namespace") == pod["metadata"].get("namespace")
    return same and kind in types and matches(spec.get("podSelector", {}), pod["metadata"].get("labels", {}))


def matches(selector: Mapping[str, Any], labels: Labels) -> bool:
    """Whether a label selector (matchLabels, matchExpressions) selects `labels`; an empty one selects everything."""
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for term in selector.get("matchExpressions", []):
        key, values = term["key"], term.get("values", [])
        held = {
            "In": labels.get(key) in values,
            "NotIn": labels.get(key) not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }
        if not held[term["operator"]]:
            return False
    return True


def _matches(store: Store, policy: Object, kind: str) -> Iterable[str]:
    side, peers_key, rules_key = ("-d", "to", "egress") if kind == "Egress" else ("-s", "from", "ingress")
    for rule in policy["spec"].get(rules_key) or []:
        ports = [_port(each) for each in rule.get("ports") or []] or [""]
        if not rule.get(peers_key):
            yield from ports
            continue
        for peer in rule[peers_key]:
            for found in _ranges(store, policy, peer):
                yield from (f" {side} {found}{port}" for port in ports)


def _port(item: Mapping[str, Any]) -> str:
    protocol = item.get("protocol", "TCP").lower()
    if "port" not in item:
        return f" -p {protocol}"
    last = item.get("endPort")
    return f" -p {protocol} --dport {item['port']}{f':{last}' if last else ''}"


def _ranges(store: Store, policy: Object, peer: Mapping[str, Any]) -> Iterable[str]:
    if block := peer.get("ipBlock"):
        left = [IPv4Network(block["cidr"])]
        for text in block.get("except", []):
            left = [piece for each in left for piece in _without(each, IPv4Network(text))]
        if dataplane_v2(store):
            for address in _pod_addresses(store):
                left = [piece for each in left for piece in _without(each, IPv4Network(address))]
        yield from map(str, left)
        return
    own = policy["metadata"].get("namespace")
    for pod in store.table("kube/pods").values():
        namespace = pod["metadata"].get("namespace")
        address = pod.get("status", {}).get("podIP")
        if not address or _on_host(pod):
            continue
        if "namespaceSelector" in peer:
            home = store.table("kube/namespaces").find(str(namespace)) or {}
            here = matches(peer["namespaceSelector"], home.get("metadata", {}).get("labels", {}))
        else:
            here = namespace == own
        if here and matches(peer.get("podSelector", {}), pod["metadata"].get("labels", {})):
            yield f"{address}/32"


def _pod_addresses(store: Store) -> list[str]:
    pods = store.table("kube/pods").values()
    return [pod["status"]["podIP"] for pod in pods if pod.get("status", {}).get("podIP") and not _on_host(pod)]


def _on_host(pod: Object) -> bool:
    return bool(pod["spec"].get("hostNetwork"))


def _without(whole: IPv4Network, hole: IPv4Network) -> list[IPv4Network]:
    if not whole.overlaps(hole):
        return [whole]
    return list(whole.address_exclude(hole)) if hole != whole and hole.subnet_of(whole) else []
