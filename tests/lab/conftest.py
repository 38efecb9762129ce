"""A Kubernetes server of the lab on loopback over TLS, with a fabric that runs commands on this machine."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lab.fabric.base import LegCount, Place, Read, Write
from lab.kube.access import Rule, User
from lab.kube.server import KubeServer
from lab.store import Store

T = TypeVar("T")

ADMIN = "admin-token"

TOKENS = {
    "admin-token": User("admin"),
    "viewer-token": User(
        "viewer",
        (
            Rule(verbs=("get", "list", "watch"), groups=("",), resources=("pods", "pods/log", "nodes"), namespace=None),
            Rule(verbs=("get",), groups=("",), resources=("configmaps",), names=("open",), namespace="kube-system"),
        ),
    ),
    "nobody-token": User("nobody", ()),
}


@dataclass
class LocalFabric:
    """Runs every command as a process of this machine, wherever it is said to start."""

    places: list[Place] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)

    async def start(self) -> None:
        """Nothing to make ready."""

    async def stop(self) -> None:
        """Nothing to clean up."""

    async def legs(self) -> list[LegCount]:
        """No wires."""
        return []

    async def run(self, place: Place, argv: Sequence[str], stdin: Read, stdout: Write, stderr: Write) -> int:
        """The command's exit code; 127 when there is no such command."""
        self.places.append(place)
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe, stderr=pipe)
        except FileNotFoundError:
            await stderr(f"{argv[0]}: not found\n".encode())
            return 127
        assert process.stdin is not None

        async def feed() -> None:
            while data := await stdin():
                process.stdin.write(data)
                await process.stdin.drain()
            process.stdin.close()

        async def carry(source: asyncio.StreamReader | None, write: Write) -> None:
            while source is not None and (data := await source.read(65536)):
                await write(data)

        feeder = asyncio.create_task(feed())
        try:
            await asyncio.gather(carry(process.stdout, stdout), carry(process.stderr, stderr))
            return await process.wait()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.kill()
            for rest in (process.stdout, process.stderr):
                while rest is not None and await rest.read(1 << 20):
                    pass
            await process.wait()
            self.cancelled.set()
            raise
        finally:
            feeder.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await feeder


def node(name: str, address: str, slice_: str) -> dict[str, Any]:
    """A Ready node."""
    return {
        "kind": "Node",
        "apiVersion": "v1",
        "metadata": {"name": name, "uid": f"uid-{name}", "labels": {"kubernetes.io/hostname": name, "pool": "default"}},
        "spec": {"podCIDR": slice_, "podCIDRs": [slice_], "providerID": f"gce://project-a/asia-northeast1-a/{name}"},
        "status": {
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "allocatable": {"cpu": "940m", "memory": "2877492Ki", "pods": "110"},
            "capacity": {"cpu": "2", "memory": "4018228Ki", "pods": "110"},
            "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": "boot",
                "kubeProxyVersion": "",
                "machineID": "machine",
                "operatingSystem": "linux",
                "systemUUID": "system",
                "kubeletVersion": "v1.32.4-gke.1415000",
                "osImage": "Container-Optimized OS from Google",
                "kernelVersion": "6.6.105+",
                "containerRuntimeVersion": "containerd://2.0.6",
            },
        },
    }


def agent_daemonset() -> dict[str, Any]:
    """kube-system/ip-masq-agent, on the nodes' own network."""
    labels = {"k8s-app": "ip-masq-agent"}
    return {
        "kind": "DaemonSet",
        "apiVersion": "apps/v1",
        "metadata": {"name": "ip-masq-agent", "namespace": "kube-system", "uid": "uid-agent", "generation": 1},
        "spec": {
            "selector": {"matchLabels": labels},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "hostNetwork": True,
                    "containers": [{"name": "ip-masq-agent", "image": "gke.gcr.io/ip-masq-agent:v2.12.6-gke.15"}],
                    "tolerations": [{"operator": "Exists", "effect": "NoSchedule"}],
                },
            },
        },
    }


def small_cluster() -> Store:
    """Two nodes, the usual namespaces, the agent's DaemonSet, and default/my-pod; nothing has a status yet."""
    store = Store()
    for name in ("default", "kube-system", "kube-public", "kube-node-lease"):
        meta = {"name": name, "labels": {"kubernetes.io/metadata.name": name}}
        status = {"phase": "Active"}
        store.table("kube/namespaces").create(name, {"metadata": meta, "status": status})
    store.table("kube/nodes").create("gke-node-01", node("gke-node-01", "10.1.0.11", "172.16.1.0/24"))
    store.table("kube/nodes").create("gke-node-02", node("gke-node-02", "10.1.0.12", "172.16.2.0/24"))
    store.table("kube/daemonsets").create("kube-system/ip-masq-agent", agent_daemonset())
    container = {"name": "my-pod", "image": "curlimages/curl:8.11.0", "command": ["sleep", "infinity"]}
    pod = {
        "metadata": {"name": "my-pod", "namespace": "default", "uid": "uid-my-pod", "labels": {"app": "web"}},
        "spec": {"nodeName": "gke-node-01", "containers": [container], "restartPolicy": "Always"},
    }
    store.table("kube/pods").create("default/my-pod", pod)
    return store


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key, as PEM files in `folder`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lab")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "ca.crt", folder / "tls.key"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain),
    )
    return cert_file, key_file


class KubeLab:
    """A KubeServer on its own thread and event loop."""

    def __init__(self, store: Store, folder: Path, speed: float) -> None:
        self.store = store
        self.fabric = LocalFabric()
        self.folder = folder
        self.server = KubeServer(store, self.fabric, tokens=TOKENS, speed=speed)
        self.cert, self._key = certificate(folder)
        self.loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.port = 0
        self._thread.start()
        assert self._ready.wait(60)
        self.url = f"https://127.0.0.1:{self.port}"

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        self._runner = web.AppRunner(self.server.app(), shutdown_timeout=0.2)
        self.loop.run_until_complete(self._start())
        self._ready.set()
        self.loop.run_forever()
        self.loop.run_until_complete(self._stop())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    async def _start(self) -> None:
        await self._runner.setup()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self._key)
        serve = self._runner.server
        assert serve is not None
        self._listening = await self.loop.create_server(
            serve, "127.0.0.1", 0, ssl=context, ssl_shutdown_timeout=0.05, backlog=128
        )
        self.port = self._listening.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        """Clean up; clients that stay connected are cut off."""
        self._listening.close()
        await self._runner.cleanup()
        until = self.loop.time() + 5  # a TLS connection closes by itself, and no event says when
        while len(self.loop._selector.get_map()) > 1 and self.loop.time() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.005)

    def close(self) -> None:
        """End the server and its thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(30)

    def call(self, function: Callable[[], T]) -> T:
        """Run `function` on the server's event loop."""

        async def run() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(30)

    def kubeconfig(self, token: str = ADMIN) -> Path:
        """A kubeconfig for `token`."""
        made = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "lab", "cluster": {"server": self.url, "certificate-authority": str(self.cert)}},
            ],
            "users": [{"name": "me", "user": {"token": token}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "me"}}],
            "current-context": "lab",
        }
        path = self.folder / f"kubeconfig-{token}"
        path.write_text(yaml.safe_dump(made))
        return path

    def kubectl(
        self, *arguments: str, token: str = ADMIN, stdin: str | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the real kubectl against this server."""
        environment = {
            **os.environ,
            "KUBECONFIG": str(self.kubeconfig(token)),
            "HOME": str(self.folder),
            "KUBECACHEDIR": str(self.folder / "cache"),
        }
        given = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
        return subprocess.run(
            ["kubectl", *arguments],
            env=environment,
            text=True,
            capture_output=True,
            timeout=60,
            cwd=cwd,
            check=False,
            **given,
        )


@pytest.fixture
def cluster() -> Store:
    """The store of a small cluster."""
    return small_cluster()


@pytest.fixture
def local_fabric() -> LocalFabric:
    """A fabric that runs commands on this machine."""
    return LocalFabric()


@pytest.fixture
def kube_lab(tmp_path: Path) -> Iterator[KubeLab]:
    """A small cluster, served, its waits a hundred times shorter."""
    lab = KubeLab(small_cluster(), tmp_path, speed=100.0)
    yield lab
    lab.close()


@pytest.fixture
def kubectl(kube_lab: KubeLab) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The real kubectl on `kube_lab`; a machine without one skips, CI does not."""
    if shutil.which("kubectl") is None:
        if os.environ.get("CI"):
            pytest.fail("kubectl is not on PATH, and in CI it has to be")
        pytest.skip("kubectl is not on PATH")
    return kube_lab.kubectl
