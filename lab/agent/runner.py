"""Which agents run, and their endless loop: read, write, sleep."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lab.agent.chain import Flags, flags, write
from lab.agent.config import SECOND, Config, defaults, parse
from lab.agent.goyaml import GoError
from lab.agent.mount import agent_container, read
from lab.store import Event, Store

KUBELET_SECONDS = 60.0
SHORTEST = 0.05
LOG_LINES = 2000


class Agent:
    """One ip-masq-agent: the file as last mounted, the configuration in its memory, its log."""

    def __init__(self, store: Store, pod: Mapping[str, Any], container: Mapping[str, Any]) -> None:
        self.store = store
        self.uid = str(pod["metadata"]["uid"])
        self.key = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        self.container = str(container["name"])
        self.node = str(pod["spec"].get("nodeName", ""))
        self.image = str(container.get("image", ""))
        args = [*(container.get("command") or ()), *(container.get("args") or ())]
        self.flags: Flags = flags(args, self.image)
        self.config: Config = defaults(self.flags.all_reserved)
        self.file: str | None = None
        self._said = ""
        self._parsed: tuple[str | None, Config | str] | None = None
        self.log("I", f"ip-masq-agent version: {self.image.split('@')[0].rpartition(':')[2] or 'unknown'}")
        self.mount()

    def mount(self, until: str = "") -> None:
        """The kubelet refreshes the pod's volume; `until`: it did so then (RFC 3339, UTC), and not since."""
        pod = self.store.table("kube/pods").find(self.key)
        if pod is not None and pod["metadata"]["uid"] == self.uid:
            self.file = read(self.store, pod, until)

    def sync(self) -> None:
        """One cycle. An invalid file changes nothing, neither memory nor kernel."""
        config = self._read()
        if isinstance(config, str):
            self._say("E", refused(config))
            return
        self.config = config
        self._say("I", taken(self.file, config))
        table = self.store.table("node/nat")
        found = table.find(self.node)
        before = found["text"] if found is not None else ""
        after = write(before, config, self.flags)
        if after != before:
            table.put(self.node, {"text": after})

    def _read(self) -> Config | str:
        """What the file says, or why it cannot be used; the same text is read once."""
        if self._parsed is None or self._parsed[0] != self.file:
            flags = self.flags
            found: Config | str
            try:
                found = parse(self.file, all_reserved=flags.all_reserved, ipv6=flags.ipv6, has_limit=flags.has_limit)
            except GoError as error:
                found = str(error)
            self._parsed = (self.file, found)
        return self._parsed[1]

    def _say(self, level: str, text: str) -> None:
        if level != "I" or text != self._said:
            self.log(level, text)
        self._said = text

    def log(self, level: str, text: str) -> None:
        """Write a line in the agent's log, table `kube/log`, key NAMESPACE/POD/CONTAINER: {"lines": [[time, line]]}."""
        now = datetime.now(UTC)
        key = f"{self.key}/{self.container}"
        table = self.store.table("kube/log")
        lines = (table.find(key) or {"lines": []})["lines"]
        time = now.strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
        lines.append([time, log_line(level, text, now)])
        table.put(key, {"lines": lines[-LOG_LINES:]})


def taken(file: str | None, config: Config) -> str:
    """What an agent says of a `file` (None: there is none) that it works by."""
    if file is None:
        return 'No config file found at "/etc/config/ip-masq-agent", using default values'
    return f"Using config: {config.as_json()}"


def refused(why: str) -> str:
    """What an agent says of a file that it cannot use."""
    return f"Error syncing configuration: {why}"


def log_line(level: str, text: str, now: datetime) -> str:
    """A line of an agent's log, as glog writes it; `level` is I or E."""
    return f"{level}{now:%m%d %H:%M:%S.%f}       1 ip-masq-agent.go:1] {text}"


class Agents:
    """All agents of the cluster. `speed` divides the kubelet's minute and the agents' resync."""

    def __init__(self, store: Store, speed: float = 1.0) -> None:
        self.store = store
        self.speed = speed
        self._agents: dict[str, Agent] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._unlisten: Callable[[], None] | None = None
        self._due: dict[str, None] = {}
        self._handle: asyncio.Handle | None = None

    def settle(self) -> None:
        """Let every agent that should run finish one cycle, now. Needs no event loop.

        A ConfigMap that is younger than the kubelet's minute has not come to them yet.
        """
        for key in self._keys():
            self._look(key)
        before = datetime.now(UTC) - timedelta(seconds=KUBELET_SECONDS)
        for agent in self._agents.values():
            agent.mount(before.strftime("%Y-%m-%dT%H:%M:%SZ"))
            agent.sync()

    def _keys(self) -> list[str]:
        """The pods that have an agent in them."""
        pods = [pod["metadata"] for pod in self.store.table("kube/pods").shared() if agent_container(pod) is not None]
        return [f"{meta['namespace']}/{meta['name']}" for meta in pods]

    async def start(self) -> None:
        """Run an agent for every agent pod that is or becomes Ready, until `stop`."""
        self._unlisten = self.store.listen(self._changed)
        for key in self._keys():
            self._look(key, run=True)

    async def stop(self) -> None:
        """End all loops. The rules stay in the kernels, as with the real agent."""
        if self._unlisten is not None:
            self._unlisten()
        if self._handle is not None:
            self._handle.cancel()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()

    def _changed(self, event: Event) -> None:
        if event.table == "kube/pods":
            self._due[event.key] = None
            if self._handle is None:
                self._handle = asyncio.get_running_loop().call_soon(self._catch_up)

    def _catch_up(self) -> None:
        self._handle = None
        due, self._due = list(self._due), {}
        for key in due:
            self._look(key, run=True)

    def _look(self, key: str, *, run: bool = False) -> None:
        """Start or end the agent in the pod at `key`, as the pod now is."""
        pod = self.store.table("kube/pods").find(key)
        container = agent_container(pod) if pod is not None else None
        wanted = pod is not None and container is not None and _ready(pod)
        agent = self._agents.get(key)
        if agent is not None and (not wanted or pod is None or agent.uid != pod["metadata"]["uid"]):
            del self._agents[key]
            task = self._tasks.pop(key, None)
            if task is not None:
                task.cancel()
        if wanted and pod is not None and container is not None and key not in self._agents:
            self._agents[key] = Agent(self.store, pod, container)
        if run and key in self._agents and key not in self._tasks:
            self._tasks[key] = asyncio.get_running_loop().create_task(self._live(self._agents[key]))

    async def _live(self, agent: Agent) -> None:
        async def kubelet() -> None:
            wait = KUBELET_SECONDS * _phase(agent.uid)
            while True:
                await asyncio.sleep(wait / self.speed)
                agent.mount()
                wait = KUBELET_SECONDS

        refresh = asyncio.get_running_loop().create_task(kubelet())
        try:
            while True:
                agent.sync()
                await asyncio.sleep(max(agent.config.resync / SECOND / self.speed, SHORTEST))
        finally:
            refresh.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await refresh


def _phase(uid: str) -> float:
    """Where in its minute a kubelet refreshes the pod's volume: kubelets and agents do not beat in time."""
    return 0.25 + 0.5 * int(hashlib.sha256(uid.encode()).hexdigest()[:4], 16) / 0xFFFF


def _ready(pod: Mapping[str, Any]) -> bool:
    status = pod.get("status", {})
    conditions = {item.get("type"): item.get("status") for item in status.get("conditions") or ()}
    deleting = "deletionTimestamp" in pod["metadata"]
    return status.get("phase") == "Running" and conditions.get("Ready") == "True" and not deleting
