"""The ip-masq-agent as its DaemonSet, or else its pods, show it."""

from __future__ import annotations

from itertools import zip_longest

from rules.build import read
from rules.build.kubernetes import condition, containers
from rules.snapshot import Json, Snapshot
from rules.world import Agent, AgentState

NAME = "ip-masq-agent"
DIRECTORY = "/etc/config"

LONGEST_PREFIX = 50
"""A DaemonSet's pods are called after it; a long name is cut off."""


def agent(snapshot: Snapshot) -> Agent:
    """Build the Agent; its state is UNKNOWN when neither DaemonSets nor a pod of it could be read."""
    daemon_sets = snapshot.items("daemonsets")
    pods = list(read.objects(snapshot.items("pods")))
    found = next((item for item in read.objects(daemon_sets) if _is_agent(item)), None)
    name = read.text(found, "metadata", "name") if found else NAME
    running, not_ready = _where(pods, name)
    shape = found
    if shape is None:
        if daemon_sets is not None:
            return Agent(AgentState.ABSENT, pods=running, not_ready=not_ready)
        shape = next((pod for pod in pods if _owner(pod) == name), None)
        if shape is None:
            return Agent(AgentState.UNKNOWN)
    candidates = containers(shape)
    container = next((each for each in candidates if _is_agent_container(each)), candidates[0] if candidates else {})
    if found is None and not _is_agent_container(container):
        return Agent(AgentState.UNKNOWN, pods=running, not_ready=not_ready)
    flags = _flags((*read.texts(container, "command"), *read.texts(container, "args")))
    config_map, key, path = _mounted(shape, container)
    return Agent(
        state=AgentState.PRESENT,
        chain=flags.get("masq-chain", "IP-MASQ-AGENT"),
        all_reserved=_true(flags.get("nomasq-all-reserved-ranges")),
        ipv6=_true(flags.get("enable-ipv6")),
        image=read.text(container, "image"),
        config_map=config_map,
        config_key=key,
        config_path=path,
        pods=running,
        not_ready=not_ready,
    )


def _is_agent(item: Json) -> bool:
    if read.text(item, "metadata", "name") == NAME:
        return read.text(item, "metadata", "namespace") in ("kube-system", "")
    return any(_is_agent_container(container) for container in containers(item))


def _is_agent_container(container: Json) -> bool:
    image = read.text(container, "image").split("@")[0]
    return NAME in (read.text(container, "name"), read.short(image).split(":")[0])


def _owner(pod: Json) -> str:
    for owner in read.objects(pod, "metadata", "ownerReferences"):
        if read.text(owner, "kind") == "DaemonSet":
            return read.text(owner, "name")
    return ""


def _where(pods: list[Json], name: str) -> tuple[dict[str, str], frozenset[str]]:
    """The nodes where the agent's pods are, with the time since when, and those where it is not ready."""
    since: dict[str, str] = {}
    not_ready = set()
    for pod in pods:
        if not read.text(pod, "metadata", "name").startswith(name[:LONGEST_PREFIX]):
            continue
        node = read.text(pod, "spec", "nodeName")
        if _owner(pod) != name or not node or read.text(pod, "status", "phase") in ("Succeeded", "Failed"):
            continue
        ready = condition(pod, "Ready") is True and not read.text(pod, "metadata", "deletionTimestamp")
        if ready:
            not_ready.discard(node)
        elif node not in since:
            not_ready.add(node)
        else:
            continue
        since[node] = read.text(pod, "status", "startTime") or read.text(pod, "metadata", "creationTimestamp")
    return since, frozenset(not_ready)


def _flags(words: tuple[str, ...]) -> dict[str, str]:
    """Go's flag syntax: one dash or two, `=value` or, but for truth values, the next word."""
    found: dict[str, str] = {}
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        if not word.startswith("-"):
            continue
        name, given, value = word.lstrip("-").partition("=")
        found[name] = value if given else following if name == "masq-chain" else "true"
    return found


def _true(value: str | None) -> bool:
    return value in ("1", "t", "T", "true", "TRUE", "True")


def _mounted(shape: Json, container: Json) -> tuple[str, str, str]:
    """ConfigMap name, data key and the path below /etc/config of what the agent would read; '' where nothing is."""
    spec = read.child(read.child(shape, "spec", "template") or shape, "spec")
    volumes = {read.text(volume, "name"): volume for volume in read.objects(spec, "volumes")}
    for mount in read.objects(container, "volumeMounts"):
        volume = volumes.get(read.text(mount, "name"), {})
        source = read.child(volume, "configMap")
        at = read.text(mount, "mountPath").rstrip("/")
        if not source or not (at == DIRECTORY or at.startswith(DIRECTORY + "/")):
            continue
        paths = {read.text(item, "path"): read.text(item, "key") for item in read.objects(source, "items")}
        wanted = read.text(mount, "subPath") or NAME
        if not paths:
            return read.text(source, "name"), wanted, NAME
        path = wanted if wanted in paths else next(iter(paths))
        seen_as = at.removeprefix(DIRECTORY).strip("/") or path
        return read.text(source, "name"), paths[path], seen_as
    if not containers(shape):
        return NAME, "config", NAME
    return "", "", ""
