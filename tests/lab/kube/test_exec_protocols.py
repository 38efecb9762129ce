"""exec and attach in every channel protocol that clients speak (apimachinery, util/remotecommand)."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, WSMsgType
from aiohttp.test_utils import TestClient, TestServer

from lab.kube.access import User
from lab.kube.server import KubeServer
from lab.store import Store

HEADERS = {"Authorization": "Bearer t"}
PATH = "/api/v1/namespaces/default/pods/my-pod"


@pytest.fixture
async def served(cluster: Store, local_fabric: Any) -> AsyncIterator[TestClient[Any, Any]]:
    server = KubeServer(cluster, local_fabric, tokens={"t": User("admin")}, speed=100.0)
    async with TestClient(TestServer(server.app())) as client:
        yield client


async def conversation(client: Any, protocol: str, script: str, *sent: bytes | str) -> dict[int, bytes]:
    """What each channel brought by the time that the server closed."""
    query = [("command", each) for each in ("sh", "-c", script)]
    query += [(name, "true") for name in ("stdin", "stdout", "stderr")]
    protocols = (protocol,) if protocol else ()
    found: dict[int, bytes] = {}
    async with client.ws_connect(f"{PATH}/exec", params=query, protocols=protocols, headers=HEADERS) as socket:
        for each in sent:
            await (socket.send_bytes(each) if isinstance(each, bytes) else socket.send_str(each))
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                channel, data = int(message.data[0]), base64.b64decode(message.data[1:])
            else:
                channel, data = message.data[0], message.data[1:]
            found[channel] = found.get(channel, b"") + data
    return found


FAILURE = {"status": "Failure", "reason": "NonZeroExitCode"}


@pytest.mark.parametrize("protocol", ["v5.channel.k8s.io", "v4.channel.k8s.io"])
async def test_streams_and_exit_code(served: Any, protocol: str) -> None:
    found = await conversation(served, protocol, "read x; echo $x; echo err >&2; exit 28", b"\x00typed\n")
    assert (found[1], found[2]) == (b"typed\n", b"err\n")
    status = json.loads(found[3])
    assert {name: status[name] for name in FAILURE} == FAILURE
    assert status["details"]["causes"] == [{"reason": "ExitCode", "message": "28"}]
    assert status["message"] == "command terminated with non-zero exit code: exit status 28"
    fine = await conversation(served, protocol, "true")
    assert json.loads(fine[3]) == {"metadata": {}, "status": "Success"}


async def test_text_frames_are_taken_too(served: Any) -> None:
    found = await conversation(served, "v4.channel.k8s.io", "read x; echo $x", "\x00typed\n")
    assert found[1] == b"typed\n"


async def test_v5_closes_stdin(served: Any) -> None:
    found = await conversation(served, "v5.channel.k8s.io", "wc -c", b"\x00abc", b"\xff\x00")
    assert found[1].strip() == b"3"


@pytest.mark.parametrize("protocol", ["base64.channel.k8s.io", "v4.base64.channel.k8s.io"])
async def test_base64(served: Any, protocol: str) -> None:
    found = await conversation(served, protocol, "read x; echo $x", "0" + base64.b64encode(b"typed\n").decode())
    assert found[1] == b"typed\n"


@pytest.mark.parametrize("protocol", ["", "channel.k8s.io"])
async def test_the_first_protocol_has_no_status_object(served: Any, protocol: str) -> None:
    found = await conversation(served, protocol, "exit 3")
    assert found[3] == b"command terminated with non-zero exit code: exit status 3"


async def test_a_protocol_nobody_knows_is_refused(served: Any) -> None:
    headers = {**HEADERS, "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Protocol": "v9.other"}
    answer = await served.get(f"{PATH}/exec?command=ls&stdout=1", headers=headers)
    assert (answer.status, (await answer.json())["kind"]) == (403, "Status")


async def test_a_client_that_goes_away_ends_its_command(served: Any, local_fabric: Any) -> None:
    query = {"command": "yes", "stdout": "true"}
    async with ClientSession() as session:
        url = served.make_url(f"{PATH}/exec")
        async with session.ws_connect(url, params=query, protocols=("v4.channel.k8s.io",), headers=HEADERS) as socket:
            while len(await socket.receive_bytes()) < 2:
                pass
            assert local_fabric.places[0].container == "my-pod"
    await asyncio.wait_for(asyncio.to_thread(local_fabric.cancelled.wait, 20), 21)
    assert local_fabric.cancelled.is_set()


async def test_attach_joins_the_container_s_own_process(served: Any, cluster: Store) -> None:
    container = {"name": "c", "image": "busybox", "stdin": True, "stdinOnce": True, "command": ["cat"]}
    pod = {"metadata": {"name": "talk"}, "spec": {"restartPolicy": "Never", "containers": [container]}}
    path = "/api/v1/namespaces/default/pods"
    await served.post(path, json=pod, headers=HEADERS)
    watch = await served.get(path, params={"watch": "1", "fieldSelector": "metadata.name=talk"}, headers=HEADERS)
    async for line in watch.content:
        if json.loads(line)["object"]["status"]["phase"] == "Running":
            break
    query = {"stdin": "true", "stdout": "true"}
    found = b""
    async with served.ws_connect(
        f"{path}/talk/attach", params=query, protocols=("v5.channel.k8s.io",), headers=HEADERS
    ) as socket:
        await socket.send_bytes(b"\x00hello\n")
        await socket.send_bytes(b"\xff\x00")
        async for message in socket:
            found += message.data[1:] if message.data[0] == 1 else b""
    assert found == b"hello\n"
    async for line in watch.content:
        if json.loads(line)["object"]["status"]["phase"] == "Succeeded":
            break
    watch.close()
    assert [line for _, line in cluster.table("kube/log").get("default/talk/c")["lines"]] == ["hello"]
