"""A tree of values to a Scenario: every key known, every value of its type. References are checked in check.py."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network

from lab.scenario import hosts
from lab.scenario.edges import balancer, firewall_policy, router
from lab.scenario.fields import Fields, cloud_name, fail, host, kube_name, pod_ref, vpc, vpc_of
from lab.scenario.model import (
    FABRICS,
    STATES,
    AgentPlan,
    BalancerPlan,
    ClusterPlan,
    ConfigPlan,
    FirewallPlan,
    FirewallPolicyPlan,
    NetworkPlan,
    NodePlan,
    PeeringPlan,
    PodPlan,
    PolicyPlan,
    RoutePlan,
    Scenario,
    Server,
    SubnetPlan,
    VmPlan,
)
from lab.scenario.text import Scalar, Section
from rules.repeats import is_host
from rules.snapshot import PodRef, Question, Target, Vpc
from rules.words import _

VERSION = "1.33.5-gke.1201000"
AGENT_IMAGE = "gke.gcr.io/ip-masq-agent:v2.12.6-gke.15"
AGENT_FLAGS = ("--masq-chain=IP-MASQ", "--nomasq-all-reserved-ranges")
TOOLS_IMAGE = "curlimages/curl:7.88.1"
_PROTOCOLS = ("tcp", "udp", "icmp", "esp", "ah", "sctp", "all")


def scenario(name: str, section: Section) -> Scenario:
    """The Scenario that `section` describes; ScenarioError for the first thing that is wrong."""
    top = Fields(section)
    top.find("base")
    title, story = top.text("title"), top.text("story", "")
    networks: list[NetworkPlan] = []
    vms: list[VmPlan] = []
    balancers: list[BalancerPlan] = []
    above: list[FirewallPolicyPlan] = []
    projects: list[str] = []
    for project, fields in top.need("projects").entries(cloud_name):
        projects.append(project)
        networks.extend(_network(Vpc(project, net), part) for net, part in fields.each("networks", cloud_name))
        vms.extend(_vm(project, vm, part) for vm, part in fields.each("vms", cloud_name))
        balancers.extend(balancer(project, each, part) for each, part in fields.each("load balancers", cloud_name))
        above.extend(
            firewall_policy(project, each, part) for each, part in fields.each("firewall policies", cloud_name)
        )
        fields.done()
    if not projects:
        top.fail("projects", _("there is no project; the cluster needs one."))
    cluster = _cluster(top.need("cluster"))
    nodes = tuple(hosts.node(node, part) for node, part in top.each("nodes", cloud_name))
    if not nodes:
        top.fail("nodes", _("the cluster has no node; it needs one."))
    made = Scenario(
        name=name,
        title=title,
        story=story,
        question=_question(top.need("question")),
        projects=tuple(projects),
        networks=tuple(networks),
        vms=tuple(vms),
        cluster=cluster,
        nodes=nodes,
        pods=_pods(top, nodes),
        agent=_agent(top),
        config=_config(top),
        policies=tuple(_policy(ref, part) for ref, part in top.each("network policies", pod_ref)),
        services=tuple(hosts.service(ref, part) for ref, part in top.each("services", pod_ref)),
        egress_nat={name: hosts.egress_nat(part) for name, part in top.each("egress nat policies", kube_name)},
        balancers=tuple(balancers),
        firewall_policies=tuple(above),
        fabrics=top.list("fabrics", _("one of {words}").format(words=", ".join(FABRICS)), _fabric) or FABRICS,
        answer=top.list("answer", _("a cause, such as RC30"), _cause_id),
    )
    top.done()
    return made


def _network(net: Vpc, fields: Fields) -> NetworkPlan:
    routes = tuple(_route(name, part) for name, part in fields.each("routes", cloud_name))
    network = NetworkPlan(
        vpc=net,
        mtu=fields.number("mtu", 1460, 1300, 8896),
        global_routing=fields.choice("dynamic routing", "regional", "regional", "global") == "global",
        subnets=tuple(_subnet(name, part) for name, part in fields.each("subnets", cloud_name)),
        routes=routes,
        default_route=fields.flag("default route", True),
        peerings=tuple(_peering(name, part) for name, part in fields.each("peerings", cloud_name)),
        firewalls=tuple(_firewall(name, part) for name, part in fields.each("firewalls", cloud_name)),
        policy_routes=tuple(hosts.policy_route(name, part) for name, part in fields.each("policy routes", cloud_name)),
        routers=tuple(router(name, part, servers) for name, part in fields.each("routers", cloud_name)),
        policies_first=fields.flag("firewall policies first", False),
        names=_names(fields),
        loses_larger=fields.flag("loses larger packets", False),
    )
    fields.done()
    return network


def _names(fields: Fields) -> dict[str, IPv4Address]:
    part = fields.part("private names")
    found = {} if part is None else {name: part.address(name) for name in part.section.values}
    for name in found:
        if not is_host(name):
            fields.fail("private names", _("`{name}` is not a host's name.").format(name=name[:60]))
    return found


def _subnet(name: str, fields: Fields) -> SubnetPlan:
    secondary: dict[str, IPv4Network] = {}
    part = fields.part("secondary ranges")
    if part is not None:
        secondary = {key: part.range(key) for key in part.section.values}
    subnet = SubnetPlan(name, fields.name("region"), fields.range("range"), secondary)
    fields.done()
    return subnet


def _route(name: str, fields: Fields) -> RoutePlan:
    dest = fields.range("to")
    words = fields.text("via", expected=_("`internet`, `vm NAME` or `address 10.1.0.9`")).split()
    priority, tags = fields.number("priority", 1000, 0, 65535), fields.names("only for tags")
    fields.done()
    if words == ["internet"]:
        return RoutePlan(name, dest, "internet", "", priority, tags)
    if len(words) == 2 and words[0] == "vm":
        return RoutePlan(name, dest, "vm", words[1], priority, tags)
    if len(words) == 2 and words[0] == "address":
        try:
            return RoutePlan(name, dest, "address", str(IPv4Address(words[1])), priority, tags)
        except ValueError:
            pass
    return fields.fail("via", _("expected `internet`, `vm NAME` or `address 10.1.0.9`."))


def _peering(name: str, fields: Fields) -> PeeringPlan:
    peering = PeeringPlan(
        name=name,
        peer=fields.convert("with", _("a network as PROJECT/NETWORK"), vpc),
        export_custom=fields.flag("export custom routes", False),
        import_custom=fields.flag("import custom routes", False),
        export_public=fields.flag("export subnet routes with public ip", True),
        import_public=fields.flag("import subnet routes with public ip", False),
        consensus=fields.flag("needs consensus", False),
        dual_stack=fields.flag("dual stack", False),
    )
    fields.done()
    return peering


def _firewall(name: str, fields: Fields) -> FirewallPlan:
    if fields.has("allow") == fields.has("deny"):
        fields.fail("", _("expected either `allow:` or `deny:` with a list of protocols, such as [tcp:80, icmp]."))
    expected = _("a protocol with or without ports, such as tcp, tcp:80, tcp:8000-8080, icmp or all")
    allow, deny = fields.list("allow", expected, _protocol), fields.list("deny", expected, _protocol)
    ingress = fields.choice("direction", "ingress", "ingress", "egress") == "ingress"
    for key in ("to",) if ingress else ("from tags",):
        if fields.has(key):
            fields.fail(key, _("this key does not belong to a rule of this direction; see `direction`."))
    anywhere = (IPv4Network("0.0.0.0/0"),)
    source_tags, sources, dests = fields.names("from tags"), fields.ranges("from"), fields.ranges("to")
    rule = FirewallPlan(
        name=name,
        ingress=ingress,
        allow=bool(allow),
        protocols=allow or deny,
        sources=sources or (anywhere if ingress and not source_tags else ()),
        source_tags=source_tags,
        dests=dests or (() if ingress else anywhere),
        target_tags=fields.names("only for tags"),
        priority=fields.number("priority", 1000, 0, 65535),
        disabled=fields.flag("disabled", False),
    )
    if not rule.protocols:
        fields.fail("allow" if fields.has("allow") else "deny", _("the list is empty; write [all] for everything."))
    fields.done()
    return rule


def _vm(project: str, name: str, fields: Fields) -> VmPlan:
    vm = VmPlan(
        project=project,
        name=name,
        zone=fields.name("zone"),
        vpc=fields.convert("network", _("a network as NETWORK or PROJECT/NETWORK"), lambda text: vpc_of(project, text)),
        subnet=fields.name("subnet"),
        address=fields.address("address"),
        running=fields.flag("running", True),
        ip_forwarding=fields.flag("ip forwarding", False),
        tags=fields.names("tags"),
        serves=servers(fields),
        answers_ping=fields.flag("answers ping", True),
        **hosts.inside(project, fields),
        drops=fields.ranges("guest drops"),
        rejects=fields.ranges("guest rejects"),
        refuses=fields.ranges("application refuses"),
    )
    fields.done()
    return vm


def servers(fields: Fields) -> tuple[Server, ...]:
    part = fields.part("serves")
    if part is None:
        return ()
    found = []
    expected = _(
        "a port number with what it answers: `80: {/health: OK}`, `5432: tcp`, `53: udp` or "
        "`8080: proxy to 10.2.0.10:80`"
    )
    for port, value in part.section.values.items():
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            fail(
                value.where, part.at(port), _("`{found}` is not {expected}.").format(found=port[:60], expected=expected)
            )
        if isinstance(value, Section):
            paths = part.labels(port)
            for path in paths:
                if not path.startswith("/"):
                    fail(value.where, part.at(port), _("`{path}` is not a path; paths begin with /.").format(path=path))
            found.append(Server("tcp", int(port), {path: _body(text) for path, text in paths.items()}))
        elif isinstance(value, Scalar) and value.text in ("tcp", "udp"):
            found.append(Server(value.text, int(port)))
        elif isinstance(value, Scalar) and (passed := re.fullmatch(r"proxy to ([0-9.]+):([0-9]{1,5})", value.text)):
            found.append(Server("tcp", int(port), to=(str(IPv4Address(passed[1])), int(passed[2]))))
        else:
            fail(value.where, part.at(port), _("expected {expected}.").format(expected=expected))
    return tuple(found)


def _body(text: str) -> str:
    """What is answered: the text itself, or that much of it for `20000 bytes`."""
    size = re.fullmatch(r"([0-9]{1,6}) bytes", text)
    return "." * int(size[1]) if size else text


def _cluster(fields: Fields) -> ClusterPlan:
    project = fields.name("project")
    routes_based = fields.choice("kind", "routes-based", "routes-based", "vpc-native") == "routes-based"
    pods_name = "" if routes_based else fields.name("pods in secondary range", "pods")
    cluster = ClusterPlan(
        project=project,
        name=fields.name("name"),
        zone=fields.name("zone"),
        vpc=fields.convert("network", _("a network as NETWORK or PROJECT/NETWORK"), lambda text: vpc_of(project, text)),
        subnet=fields.name("subnet"),
        routes_based=routes_based,
        pod_range=fields.range("pod range"),
        service_range=fields.range("service range"),
        version=fields.text("version", VERSION),
        pods_range_name=pods_name,
        default_snat=fields.flag("default snat", True),
        network_policy=fields.flag("network policy", False),
        dataplane_v2=fields.choice("dataplane", "legacy", "legacy", "v2") == "v2",
        autopilot=fields.flag("autopilot", False),
        multi_network=fields.flag("multi-network", False),
        fqdn_policies=fields.flag("fqdn policies", False),
        cilium_policies=fields.flag("cilium policies", False),
    )
    fields.done()
    return cluster


def _pods(top: Fields, nodes: tuple[NodePlan, ...]) -> tuple[PodPlan, ...]:
    made = []
    taken: set[IPv4Address] = set()
    parts = list(top.each("pods", pod_ref))
    for _ref, fields in parts:
        if fields.has("address"):
            taken.add(fields.address("address"))
    ranges: Mapping[str, IPv4Network] = {node.name: node.pod_range for node in nodes}
    for ref, fields in parts:
        node, host = fields.name("node"), fields.flag("on the node's network", False)
        if node not in ranges:
            fields.fail(
                "node",
                _("there is no node called {name}; the nodes are {nodes}.").format(name=node, nodes=", ".join(ranges)),
            )
        address: IPv4Address | None = None
        if host and fields.has("address"):
            fields.fail("address", _("a pod on the node's network has the node's address; remove this key."))
        if not host:
            address = fields.address("address") if fields.has("address") else None
            address = address or next((free for free in list(ranges[node])[2:-1] if free not in taken), None)
            if address is None:
                fields.fail("node", _("the pod range of {node} has no free address.").format(node=node))
            taken.add(address)
        if fields.has("containers") and fields.has("image"):
            fields.fail("image", _("each of the containers has its own image; remove this key."))
        made.append(
            PodPlan(
                ref,
                node,
                fields.text("image", TOOLS_IMAGE),
                address,
                host,
                fields.labels("labels"),
                servers(fields),
                _images(fields, "containers"),
                _images(fields, "sidecars"),
                fields.choice("state", "running", *STATES),
                fields.text("default network", ""),
                fields.text("second address", ""),
                fields.ranges("held back from"),
                fields.ranges("mesh refuses"),
            )
        )
        fields.done()
    return tuple(made)


def _images(fields: Fields, key: str) -> dict[str, str]:
    """Containers' names and images."""
    part = fields.part(key)
    if part is None:
        return {}
    for name in part.section.values:
        try:
            kube_name(name)
        except ValueError:
            part.fail(name, _("expected a container's name: small letters, digits and hyphens."))
    return {name: part.text(name) for name in part.section.values}


def _agent(top: Fields) -> AgentPlan:
    fields = top.part("agent")
    if fields is None:
        return AgentPlan(False, AGENT_IMAGE, AGENT_FLAGS)
    flags = fields.list("flags", _("a flag that begins with --"), _agent_flag) if fields.has("flags") else AGENT_FLAGS
    agent = AgentPlan(
        fields.flag("installed", True), fields.text("image", AGENT_IMAGE), flags, fields.names("not on nodes")
    )
    fields.find("flags")
    fields.done()
    return agent


def _config(top: Fields) -> ConfigPlan | None:
    fields = top.part("masquerade config")
    if fields is None:
        return None
    config = ConfigPlan(
        namespace=fields.convert("namespace", _("a Kubernetes name"), kube_name, "kube-system"),
        name=fields.convert("name", _("a Kubernetes name"), kube_name, "ip-masq-agent"),
        key=fields.text("key", "config"),
        text=fields.text("text", expected=_("the file's text, as a block that begins with |")),
        made=hosts.ago(fields, "made"),
    )
    fields.done()
    return config


def _policy(ref: PodRef, fields: Fields) -> PolicyPlan:
    policy = PolicyPlan(ref.namespace, ref.name, fields.labels("pods"), fields.ranges("allow to"))
    fields.done()
    return policy


def _question(fields: Fields) -> Question:
    expected = _("an address as 10.2.0.10, 10.2.0.10:80 or http://10.2.0.10/health")
    question = Question(
        pod=fields.convert("pod", _("a pod as NAME or NAMESPACE/NAME"), pod_ref),
        target=fields.convert("target", expected, target),
        local=fields.convert("local", expected, target) if fields.has("local") else None,
        proxy=fields.convert("proxy", expected, target) if fields.has("proxy") else None,
        host=fields.convert("host", _("a host's name, such as db.example.internal"), host)
        if fields.has("host")
        else "",
    )
    for key in ("local", "proxy", "host"):
        fields.find(key)
    fields.done()
    return question


def target(text: str) -> Target:
    """`IP`, `IP:PORT` or `http://IP[:PORT]/PATH` as a Target (port 80 where none is given); ValueError otherwise."""
    path: str | None = None
    rest = text
    if text.startswith("http://"):
        rest, slash, tail = text.removeprefix("http://").partition("/")
        path = slash + tail or "/"
    ip, colon, port = rest.partition(":")
    number = int(port) if colon else 80
    if not 0 < number < 65536:
        raise ValueError(text)
    return Target(str(IPv4Address(ip)), number, "tcp", path)


def _protocol(text: str) -> str:
    name, colon, ports = text.partition(":")
    if name not in _PROTOCOLS or (colon and name not in ("tcp", "udp", "sctp")):
        raise ValueError(text)
    if colon:
        first, dash, last = ports.partition("-")
        low, high = int(first), int(last) if dash else int(first)
        if not 0 <= low <= high <= 65535:
            raise ValueError(text)
    return text


def _fabric(text: str) -> str:
    return FABRICS[FABRICS.index(text)]


def _cause_id(text: str) -> str:
    if not re.fullmatch(r"RC[0-9]{2}", text):
        raise ValueError(text)
    return text


def _agent_flag(text: str) -> str:
    if not text.startswith("--"):
        raise ValueError(text)
    return text
