"""One question asked of one cluster: connect, read everything, measure, and give out what is known at any time.

Every call blocks and is meant for a thread; they may be called from several threads at once. Work happens in daemon
threads with deadlines, so that leaving never waits for a server.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from typing import Any

from probes import cloud, derive, guard, iam, kube, kubeconfig, nodepod, patience, warmup
from probes.ask import Ask
from probes.cloud_reads import CloudReads
from probes.cluster_reads import ClusterReads
from probes.compute import Compute
from probes.errors import CallError, CancelledError, UsageError
from probes.events import Listener, Probed, nobody, one_at_a_time
from probes.evidence import Evidence
from probes.kube import Kube
from probes.kubeconfig import Access
from probes.matrix import Planned
from probes.measure import Measurements
from probes.prober import Prober
from probes.reader import Reader, first_failure, together
from probes.tables import NatTables, agent_pods
from probes.tasks import Once, Tasks
from rules import repeats
from rules.snapshot import PodRef, Probe, Question, Snapshot, Vpc
from rules.words import _

READS_AT_ONCE = 24
PROBES_AT_ONCE = 16
CHECK_SECONDS = 15.0

Object = dict[str, Any]


class Session:
    """Looks at one pod and one target. Nothing is changed but the probe pod, which `close` removes."""

    def __init__(self, ask: Ask, listener: Listener = nobody) -> None:
        self.ask = ask
        self._listener = one_at_a_time(listener)
        self._evidence = Evidence(Question(ask.pod, ask.target, ask.local, ask.proxy, host=ask.host))
        self._tasks = Tasks(READS_AT_ONCE)
        self._probing = Tasks(PROBES_AT_ONCE)
        self._reader = Reader(self._evidence, self._tasks, self._listener)
        self._login = cloud.Login()
        self._stop = threading.Event()
        self._reads: CloudReads | None = None
        self._reading = threading.Event()
        self._connected = Once(self._find)
        self.compute = Compute(self._login)

    def connect(self) -> None:
        """Find the cluster and the pod. Raises ProbeError with a sentence that says what to do."""
        self._connected()

    def read(self) -> None:
        """Read all configuration at once; what cannot be read becomes a gap.

        May be called again. Raises TargetError when the target turns out to be in the pod's own network, LoginError
        when Google's login is missing or has expired; what was read until then is kept.
        """
        client, pod, measurements = self._connected()
        if self._reads is not None:
            self._evidence.forget()
        clouds = CloudReads(self.compute, self._login, self._reader, self.ask, client.access.context)
        self._reads = clouds
        self._reading.set()
        reads = ClusterReads(client, self._reader, self.ask.pod, pod)
        together(
            lambda: reads.all(lambda: self._read_nat(client, measurements)),
            lambda: clouds.all(reads.node(), measurements.node),
        )
        if clouds.login_failed is not None:
            raise cloud.refusal(clouds.login_failed)

    def plan(self) -> tuple[Planned, ...]:
        """The probes of this question, with what a person would type."""
        return self._connected()[2].plan()

    def ids(self) -> tuple[str, ...]:
        """Ids of the probes that this question has."""
        return self._connected()[2].ids()

    def probe(self, id: str) -> Probe:
        """One fresh measurement. Raises UsageError for an id that is not planned, CancelledError after `cancel`."""
        measurements = self._connected()[2]
        repeat = repeats.parse(id)
        if id not in measurements.ids() and (repeat is None or repeat.base != "pod-peer"):
            known = ", ".join(measurements.ids())
            raise UsageError(_("There is no probe {id!r}; there are {known}.").format(id=id, known=known))
        if not guard.private(self.ask.target):
            self._offered()
        probe = measurements.measure(id)
        self._evidence.probe(probe)
        self._listener(Probed(probe))
        return probe

    def probe_many(self, ids: Sequence[str]) -> tuple[Probe, ...]:
        """These probes at once, in their order."""
        found: dict[str, Probe] = {}

        def one(name: str) -> None:
            found[name] = self.probe(name)

        together(*(partial(one, name) for name in ids))
        return tuple(found[name] for name in ids)

    def probe_all(self) -> tuple[Probe, ...]:
        """All probes at once, and pod → peer by the application's own name where one was given."""
        return self.probe_many((*self._connected()[2].ids(), *self.ask.by_name))

    def collect(self) -> Snapshot:
        """Connect, then read and measure at once. Raises ProbeError as `connect` and `read` do."""
        self.connect()
        self._reading.clear()

        def probe_all() -> None:
            self._reading.wait()
            self.probe_all()

        failure = first_failure(self.read, probe_all)
        if failure is not None:
            self.cancel()
            raise failure
        return self.snapshot()

    def snapshot(self) -> Snapshot:
        """Everything known so far."""
        return self._evidence.snapshot()

    def cancel(self) -> None:
        """Stop: calls that wait raise CancelledError soon, nothing new is started."""
        self._stop.set()
        self._tasks.cancel()
        self._probing.cancel()

    def close(self) -> None:
        """Remove the probe pod and let go of the cluster, in bounded time. May be called more than once."""
        self.cancel()
        connected = self._connected.known
        if connected is not None:
            connected[2].close()
            connected[0].close()
            self.compute.close()

    def pause(self, seconds: float) -> None:
        """Wait; raises CancelledError when the person asks to stop."""
        if self._stop.wait(seconds):
            raise CancelledError(_("Stopped."))

    @property
    def kube(self) -> Kube:
        """The connected Kubernetes client."""
        return self._connected()[0]

    @property
    def access(self) -> Access:
        """Which cluster this is, and as whom."""
        return self.kube.access

    def nat(self, node: str) -> str | None:
        """The nat table of `node` as it is now (iptables-save), or None where it cannot be read."""
        client, _pod, measurements = self._connected()
        tables = NatTables(client, self._prober(client))
        beside = measurements.probe_pod(make=False) if node == measurements.node else None
        try:
            text = tables.read(tables.agents().get(node), beside)
        except CallError:
            return None
        self._evidence.nat(node, text)
        return text

    def agents(self) -> tuple[str, ...]:
        """Names of the nodes on which a masquerade agent runs, read now; empty where that cannot be read."""
        client = self.kube
        try:
            return tuple(sorted(NatTables(client, self._prober(client)).agents()))
        except CallError:
            return ()

    def projects(self) -> tuple[str, ...]:
        """The pod's project, and the peer's behind it, as far as they are known."""
        client, _pod, measurements = self._connected()
        question = self._evidence.question
        nodes = {str((one.get("metadata") or {}).get("name")): one for one in self._evidence.items("nodes")}
        vm = derive.vm(nodes.get(measurements.node, {})) or derive.vm_by_context(
            client.access.context, measurements.node
        )
        own = question.network.project if question.network else vm.project if vm else ""
        peer = question.peer.project if question.peer else ""
        return tuple(dict.fromkeys(name for name in (own, peer) if name))

    def permissions(self, project: str, asked: Sequence[str]) -> frozenset[str]:
        """Those Google permissions of `asked` that the login has in `project`. Raises CallError."""
        return self._tasks.start(lambda: iam.held(self._login, project, asked), iam.SECONDS + 30.0).result()

    def strays(self) -> tuple[PodRef, ...]:
        """Probe pods that an earlier run left behind, in every namespace. Raises CallError where they are hidden."""
        client, _pod, measurements = self._connected()
        found = client.list(kube.path("v1", "pods"), {"labelSelector": nodepod.SELECTOR})
        refs = [PodRef(str(one["metadata"]["namespace"]), str(one["metadata"]["name"])) for one in found["items"]]
        return tuple(ref for ref in refs if ref not in measurements.own())

    def _find(self) -> tuple[Kube, Object, Measurements]:
        warmup.begin()  # Google's client takes a second to load; the pod is looked for meanwhile
        client = Kube(kubeconfig.find(self.ask.kubeconfig, self.ask.context))
        self._tasks.check()
        pod = self._tasks.start(lambda: guard.find_pod(client, self.ask.pod), patience.times(3 * kube.SECONDS)).result()
        guard.check_container(pod, self.ask.container)
        measurements = Measurements(
            self.ask,
            client,
            pod,
            self._prober(client),
            self._evidence,
            self._listener,
            self._machines,
            self._target_checked,
            self.pause,
        )
        return client, pod, measurements

    def _prober(self, client: Kube) -> Prober:
        return Prober(client, self._probing, self._listener, client.access.explicit)

    def _machines(self) -> tuple[Vpc, list[Object]] | None:
        """The pod's network and its VMs; reads first where nobody has begun to."""
        if not self._reading.is_set():
            self.read()
        reads = self._reads
        if reads is None:
            return None
        self._wait(reads.network_known)
        network = self._evidence.question.network
        return None if network is None else (network, reads.instances(network))

    def _target_checked(self) -> str:
        """Wait until it is known whether the target is worth a probe pod; a sentence when it is not."""
        reads = self._reads
        if self._reading.is_set() and reads is not None:
            self._wait(reads.target_checked)
            if reads.given_up:
                return _("No probe pod was made, because reading came to nothing.")
        return ""

    def _offered(self) -> None:
        """Before anything is sent to a public address: read that a peer uses it privately. Raises TargetError."""
        if not self._reading.is_set():
            self.read()
        reads = self._reads
        if reads is not None:
            self._wait(reads.target_checked)
        if reads is None or not reads.target_offered:
            guard.check_offered(self.ask.target, ())

    def _wait(self, event: threading.Event) -> None:
        waited = 0.0
        while not event.wait(0.05) and waited < patience.times(CHECK_SECONDS):
            self._tasks.check()
            waited += 0.05

    def _read_nat(self, client: Kube, measurements: Measurements) -> None:
        """The nat table of the pod's node, through its agent's pod or the probe pod."""
        node = measurements.node
        if not node:
            return
        tables = NatTables(client, self._prober(client))
        agents = agent_pods(self._evidence.items("daemonsets"), self._evidence.items("pods"))

        def read() -> str:
            try:
                return tables.read(agents.get(node), None)
            except CallError:
                beside = measurements.probe_pod(make=False)
                if beside is None:
                    raise
                return tables.read(None, beside)

        text = self._reader.read("node_nat", node, "get pods/exec", read, 20.0)
        if text is not None:
            self._evidence.nat(node, text)
