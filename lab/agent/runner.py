"""Which agents run, and their endless loop: read, write, sleep."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
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
        self.log("I", f"ip-masq-agent version: {self.image.split('@')[0].rpartition(':')[2] or 'unknown'}")
        self.mount()

    def mount(self) -> None:
        """The kubelet refreshes the pod's volume."""
        pod = self.store.table("kube/pods").find(self.key)
        if pod is not None and pod["metadata"]["uid"] == self.uid:
            self.file = read(self.store, pod)

    def sync(self) -> None:
        """One cycle. An invalid file changes nothing, neither memory nor kernel."""
        try:
            config = parse(
                self.file,
                all_reserved=self.flags.all_reserved,
                ipv6=self.flags.ipv6,
                has_limit=self.flags.has_limit,
            )
        except GoError as error:
            self._say("E", f"Error syncing configuration: {error}")
            return
        self.config = config
        if self.file is None:
            self._say("I", 'No config file found at "/etc/config/ip-masq-agent", using default values')
        else:
            self._say("I", f"Using config: {config.as_json()}")
        table = self.store.table("node/nat")
        found = table.find(self.node)
        before = found["text"] if found is not None else ""
        after = write(before, config, self.flags)
        if after != before:
            table.put(self.node, {"text": after})

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
        lines.append([time, f"{level}{now:%m%d %H:%M:%S.%f}       1 ip-masq-agent.go:1] {text}"])
        table.put(key, {"lines": lines[-LOG_LINES:]})


class Agents:
    """All agents of the cluster. `speed` divides the kubelet's minute and the agents' resync."""

    def __init__(self, store: Store, speed: float = 1.0) -> None:
        self.store = store
        self.speed = speed
        self._agents: dict[str, Agent] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._unlisten: Callable[[], None] | None = None
        self._due: asyncio.Handle | None = None

    def settle(self) -> None:
        """Let every agent that should run mount its file anew and finish one cycle, now. Needs no event loop."""
        self._adopt()
        for agent in self._agents.values():
            agent.mount()
            agent.sync()

    async def start(self) -> None:
        """Run an agent for every agent pod that is or becomes Ready, until `stop`."""
        self._unlisten = self.store.listen(self._changed)
        self._adopt(run=True)

    async def stop(self) -> None:
        """End all loops. The rules stay in the kernels, as with the real agent."""
        if self._unlisten is not None:
            self._unlisten()
        if self._due is not None:
            self._due.cancel()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()

    def _changed(self, event: Event) -> None:
        if event.table == "kube/pods" and self._due is None:
            self._due = asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        self._due = None
        self._adopt(run=True)

    def _adopt(self, *, run: bool = False) -> None:
        wanted: dict[str, tuple[dict[str, Any], Mapping[str, Any]]] = {}
        for pod in self.store.table("kube/pods").values():
            container = agent_container(pod)
            if container is not None and _ready(pod):
                wanted[str(pod["metadata"]["uid"])] = (pod, container)
        for uid in [uid for uid in self._agents if uid not in wanted]:
            del self._agents[uid]
            task = self._tasks.pop(uid, None)
            if task is not None:
                task.cancel()
        for uid, (pod, container) in wanted.items():
            if uid not in self._agents:
                self._agents[uid] = Agent(self.store, pod, container)
            if run and uid not in self._tasks:
                self._tasks[uid] = asyncio.get_running_loop().create_task(self._live(self._agents[uid]))

    async def _live(self, agent: Agent) -> None:
        async def kubelet() -> None:
            while True:
                await asyncio.sleep(KUBELET_SECONDS / self.speed)
                agent.mount()

        refresh = asyncio.get_running_loop().create_task(kubelet())
        try:
            while True:
                agent.sync()
                await asyncio.sleep(max(agent.config.resync / SECOND / self.speed, SHORTEST))
        finally:
            refresh.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await refresh


def _ready(pod: Mapping[str, Any]) -> bool:
    status = pod.get("status", {})
    conditions = {item.get("type"): item.get("status") for item in status.get("conditions") or ()}
    deleting = "deletionTimestamp" in pod["metadata"]
    return status.get("phase") == "Running" and conditions.get("Ready") == "True" and not deleting
