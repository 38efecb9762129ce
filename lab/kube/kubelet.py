"""The kubelets: they bring pods up with an address, watch their deadlines, and take them down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from lab.fabric.base import Fabric
from lab.kube import kinds, logs, podstatus
from lab.kube.addresses import free
from lab.kube.cache import Cache
from lab.kube.containers import Containers
from lab.kube.recorder import WARNING, Recorder
from lab.kube.scheduling import taints, tolerates
from lab.kube.times import after, now
from lab.store import Store

Object = dict[str, Any]
Later = Callable[[float, str], None]

CREATING_SECONDS = 1.0
STOPPING_SECONDS = 1.0
PATIENCE = 5.0
BACK_OFF = 10.0
MOST_BACK_OFF = 300.0
ENDED = ("Succeeded", "Failed")


@dataclass
class _Pace:
    """When a pod's next step is due, in seconds of the event loop's clock."""

    uid: str
    step: str
    at: float


class Kubelet:
    """Every node's kubelet. `look` at a pod does what is due and says through `later` when to look again.

    `later` takes real seconds; what the lab itself waits for is divided by `speed`, what a user set (a deadline, a
    grace period) is not stretched beyond its own time.
    """

    def __init__(
        self,
        store: Store,
        cache: Cache,
        recorder: Recorder,
        speed: float,
        clock: Callable[[], float],
        later: Later,
        fabric: Fabric | None = None,
    ) -> None:
        self._store = store
        self._cache = cache
        self._recorder = recorder
        self._speed = speed
        self._clock = clock
        self._later = later
        self._paces: dict[str, _Pace] = {}
        self._last_address: dict[str, str] = {}
        self._known: dict[str, str] = {}
        self._restarts: dict[str, int] = {}
        self._backing_off: dict[tuple[str, str], float] = {}
        self.containers = Containers(store, fabric, self.finished) if fabric else None
        self.instant = False

    def look(self, key: str) -> None:
        """Do what is due for the pod."""
        entry = self._cache.find(kinds.PODS, key)
        uid = entry.uid if entry else None
        if self._known.get(key, uid) != uid:
            self._forget(key)
        if entry is None or uid is None:
            return
        self._known[key] = uid
        pod = entry.view
        node = self._node(pod)
        if node is None:
            return
        status, meta = pod.get("status") or {}, pod["metadata"]
        phase = status.get("phase")
        if meta.get("deletionTimestamp"):
            self._take_down(key, pod)
        elif phase in ENDED:
            return
        elif self._past_deadline(key, pod):
            self._fail(key, "DeadlineExceeded", "Pod was active on the node longer than the specified deadline")
        elif self._unwelcome(pod, node):
            self._evict(key, pod)
        elif phase != "Running":
            self._bring_up(key, pod, node)
        else:
            self._start_again(key)
            self._follow_spec(key, pod)

    def _node(self, pod: Object) -> Object | None:
        name = (pod.get("spec") or {}).get("nodeName")
        entry = self._cache.find(kinds.NODES, name) if name else None
        return entry.view if entry else None

    def _due(self, key: str, uid: str, step: str, seconds: float) -> bool:
        """Has `step`, begun when first asked about, taken its `seconds`? If not, look again then."""
        if self.instant:
            return True
        pace = self._paces.get(key)
        if pace is None or (pace.uid, pace.step) != (uid, step):
            pace = self._paces[key] = _Pace(uid, step, self._clock() + seconds)
            self._later(seconds, key)
        elif self._clock() < pace.at:
            self._later(max(pace.at - self._clock(), 0.001), key)
            return False
        else:
            del self._paces[key]
            return True
        return False

    def _bring_up(self, key: str, pod: Object, node: Object) -> None:
        status = pod.get("status") or {}
        fresh, host = "containerStatuses" not in status, podstatus.address(node)
        if fresh and not self.instant:
            self._write(key, lambda thing: podstatus.creating(thing, host))
            self._due(key, pod["metadata"]["uid"], "create", CREATING_SECONDS / self._speed)
            return
        if not self._due(key, pod["metadata"]["uid"], "create", CREATING_SECONDS / self._speed):
            return
        if problem := self._missing_volume(pod):
            self._recorder.say(pod, "FailedMount", problem, "kubelet", type=WARNING, host=pod["spec"]["nodeName"])
            return
        address = host if pod["spec"].get("hostNetwork") else self._next_address(node)
        if address is None:
            message = "Failed to create pod sandbox: no IP addresses available in range set"
            self._recorder.say(
                pod, "FailedCreatePodSandBox", message, "kubelet", type=WARNING, host=pod["spec"]["nodeName"]
            )
            self._later(PATIENCE / self._speed, key)
            return

        def come_up(thing: Object) -> None:
            if fresh:
                podstatus.creating(thing, host)
            podstatus.running(thing, address)

        self._write(key, come_up)
        self._say_started(pod)
        self._start(key, "containers", pod["spec"].get("containers") or ())
        if (seconds := pod["spec"].get("activeDeadlineSeconds")) is not None:
            self._later(float(seconds), key)

    def _start(self, key: str, group: str, containers: Sequence[Object]) -> None:
        """Run what the containers run, for pods that are not older than the lab."""
        entry = self._cache.find(kinds.PODS, key)
        if self.containers is None or self.instant or entry is None:
            return
        for each in (entry.view["spec"] or {}).get(group) or ():
            if each["name"] in {wanted["name"] for wanted in containers}:
                self.containers.start(entry.view, each)

    def _stop(self, key: str) -> None:
        if self.containers is not None and key in self._known:
            self.containers.stop(self._known[key])

    def _forget(self, key: str) -> None:
        """The pod is gone: end its processes, drop its logs."""
        self._stop(key)
        self._known.pop(key, None)
        self._paces.pop(key, None)
        self._restarts.pop(key, None)
        for mark in [mark for mark in self._backing_off if mark[0] == key]:
            del self._backing_off[mark]
        logs.drop(self._store, key)

    def finished(self, key: str, uid: str, name: str, code: int) -> None:
        """A container's process has ended by itself: the pod ends with it, or the container starts again."""
        entry = self._cache.find(kinds.PODS, key)
        if entry is None or entry.uid != uid or (entry.view.get("status") or {}).get("phase") in ENDED:
            return
        spec = entry.view["spec"]
        policy = spec.get("restartPolicy", "Always")
        ephemeral = any(each["name"] == name for each in spec.get("ephemeralContainers") or ())
        if not ephemeral and (policy == "Always" or (policy == "OnFailure" and code)):
            self._restart(key, name, code)
            return
        self._write(key, lambda thing: podstatus.end(thing, name, code))

    def _restart(self, key: str, name: str, code: int) -> None:
        """Start the container again, at once the first time, then after ten seconds, twenty, and so on up to five
        minutes."""
        count = self._restarts[key] = self._restarts.get(key, 0) + 1
        self._write(key, lambda thing: podstatus.waiting(thing, name, code, crash=count > 1))
        seconds = 0.0 if count == 1 else min(BACK_OFF * 2 ** (count - 2), MOST_BACK_OFF)
        self._later(seconds / self._speed, key)
        self._backing_off[key, name] = self._clock() + seconds / self._speed

    def _start_again(self, key: str) -> None:
        """Start what has waited long enough."""
        for mark, due in list(self._backing_off.items()):
            if mark[0] != key:
                continue
            if self._clock() < due:
                self._later(max(due - self._clock(), 0.001), key)
                continue
            del self._backing_off[mark]
            self._write(key, lambda thing, name=mark[1]: podstatus.again(thing, name))  # type: ignore[misc]  # bound now
            entry = self._cache.find(kinds.PODS, key)
            chosen = [
                each
                for each in (entry.view["spec"] if entry else {}).get("containers") or ()
                if each["name"] == mark[1]
            ]
            self._start(key, "containers", chosen)

    def _missing_volume(self, pod: Object) -> str:
        """Why the pod's volumes cannot be mounted, or ""."""
        namespace = pod["metadata"]["namespace"]
        for volume in pod["spec"].get("volumes") or ():
            source = volume.get("configMap")
            if not source or source.get("optional"):
                continue
            name = source.get("name", "")
            held = self._cache.find(kinds.CONFIGMAPS, f"{namespace}/{name}")
            if held is None:
                return f'MountVolume.SetUp failed for volume "{volume["name"]}" : configmap "{name}" not found'
            data = {**(held.view.get("data") or {}), **(held.view.get("binaryData") or {})}
            for item in source.get("items") or ():
                if item.get("key") not in data:
                    return (
                        f'MountVolume.SetUp failed for volume "{volume["name"]}" : '
                        f"references non-existent config key: {item.get('key')}"
                    )
        return ""

    def _next_address(self, node: Object) -> str | None:
        text = (node.get("spec") or {}).get("podCIDR")
        if not text:
            return None
        name = node["metadata"]["name"]
        taken = {(each.object.get("status") or {}).get("podIP", "") for each in self._cache.index.pods_on(name)}
        found = free(IPv4Network(text), taken, after=self._last_address.get(name))
        if found:
            self._last_address[name] = found
        return found

    def _follow_spec(self, key: str, pod: Object) -> None:
        """Start ephemeral containers that are new; restart containers whose image was changed."""
        status, spec = pod.get("status") or {}, pod["spec"]
        known = {each.get("name") for each in status.get("ephemeralContainerStatuses") or ()}
        fresh = [each for each in spec.get("ephemeralContainers") or () if each["name"] not in known]
        images = {each.get("name"): each.get("image") for each in status.get("containerStatuses") or ()}
        changed = [
            each
            for each in spec.get("containers") or ()
            if images.get(each["name"], each["image"]) not in (None, each["image"])
        ]
        if fresh or changed:
            self._write(key, lambda thing: podstatus.follow(thing, fresh, changed))
        for each in changed:
            message = f"Container {each['name']} definition changed, will be restarted"
            self._recorder.say(pod, "Killing", message, "kubelet", host=spec["nodeName"])
        for group, containers in (("ephemeralContainers", fresh), ("containers", changed)):
            for each in containers:
                self._started(pod, each, group)
        self._start(key, "ephemeralContainers", fresh)

    def _past_deadline(self, key: str, pod: Object) -> bool:
        seconds = pod["spec"].get("activeDeadlineSeconds")
        ran = after((pod.get("status") or {}).get("startTime"))
        if seconds is None or ran is None:
            return False
        if ran < seconds and not self.instant:
            self._later(seconds - ran, key)
        return bool(ran >= seconds)

    def _fail(self, key: str, reason: str, message: str) -> None:
        self._stop(key)
        self._write(key, lambda thing: podstatus.failed(thing, reason, message))
        entry = self._cache.find(kinds.PODS, key)
        if entry is not None:
            host = entry.view["spec"]["nodeName"]
            self._recorder.say(entry.view, reason, message, "kubelet", host=host)

    def _unwelcome(self, pod: Object, node: Object) -> bool:
        return any(
            taint.get("effect") == "NoExecute" and not tolerates(pod["spec"].get("tolerations") or (), taint)
            for taint in taints(node)
        )

    def _evict(self, key: str, pod: Object) -> None:
        self._recorder.say(pod, "TaintManagerEviction", f"Marking for deletion Pod {key}", "taint-eviction-controller")

        def mark(thing: Object) -> None:
            thing["metadata"].setdefault("deletionTimestamp", now())
            thing["metadata"].setdefault("deletionGracePeriodSeconds", 30)

        self._write(key, mark)

    def _take_down(self, key: str, pod: Object) -> None:
        meta = pod["metadata"]
        grace = float(meta.get("deletionGracePeriodSeconds", 30))
        seconds = min(STOPPING_SECONDS / self._speed, grace)
        pace = self._paces.get(key)
        if (pace is None or pace.step != "stop") and grace and not self.instant:
            for container in pod["spec"].get("containers") or ():
                message = f"Stopping container {container['name']}"
                self._recorder.say(pod, "Killing", message, "kubelet", host=pod["spec"]["nodeName"])
        if not self._due(key, meta["uid"], "stop", seconds) and grace:
            return
        if meta.get("finalizers"):
            self._write(key, podstatus.stopped)
            return
        self._store.table(kinds.PODS.table).remove(key)

    def _write(self, key: str, edit: Callable[[Object], None]) -> None:
        thing = self._store.table(kinds.PODS.table).get(key)
        edit(thing)
        self._store.table(kinds.PODS.table).replace(key, thing)

    def _say_started(self, pod: Object) -> None:
        for container in pod["spec"].get("containers") or ():
            image = container["image"]
            host = pod["spec"]["nodeName"]
            field = f"spec.containers{{{container['name']}}}"
            message = f'Container image "{image}" already present on machine'
            self._recorder.say(pod, "Pulled", message, "kubelet", host=host, field=field)
            self._started(pod, container, "containers")

    def _started(self, pod: Object, container: Object, group: str) -> None:
        host, field = pod["spec"]["nodeName"], f"spec.{group}{{{container['name']}}}"
        self._recorder.say(pod, "Created", f"Created container: {container['name']}", "kubelet", host=host, field=field)
        self._recorder.say(pod, "Started", f"Started container {container['name']}", "kubelet", host=host, field=field)
