"""The commands of docs/snapshot.md, typed as they stand there: kubectl's and gcloud's files become a verdict."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.lab

Wayhome = Callable[..., Any]
PAGE = Path(__file__).parent.parent.parent / "docs" / "snapshot.md"
QUESTION = ("my-pod", "http://10.2.0.10/health")
A = {"PROJECT": "project-a", "NETWORK": "vpc-a", "PEERING": "a-to-b"}
B = {"PROJECT": "project-b", "NETWORK": "vpc-b", "PEERING": "b-to-a"}
PLACE = {"CLUSTER": "cluster-1", "LOCATION": "asia-northeast1-a", "REGION": "asia-northeast1", "NODE": "gke-node-01"}


def commands() -> list[str]:
    """The page's commands, each in one line."""
    _head, part = PAGE.read_text("utf-8").split("## From files")
    blocks = re.findall(r"^```\n(.*?)^```", part, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]


def filled(command: str, names: dict[str, str]) -> str:
    """`command` with its words in capitals replaced, and its file named after the project."""
    for word, name in {**names, **PLACE}.items():
        command = re.sub(rf"(?<![A-Z]){word}(?![A-Z])", name, command)
    return re.sub(r"> ([a-z-]+\.json)", rf"> {names['PROJECT']}-\1", command) if "gcloud" in command else command


@pytest.fixture
def typed(started: Callable[..., Wayhome], environment: dict[str, str]) -> Callable[..., tuple[Wayhome, list[str]]]:
    """Start the lab and type all commands for both projects into a folder; what was typed."""
    for tool in ("kubectl", "gcloud"):
        if shutil.which(tool) is None:
            if os.environ.get("CI"):
                pytest.fail(f"{tool} is not here")
            pytest.skip(f"{tool} is not here")

    def type_all(folder: Path) -> tuple[Wayhome, list[str]]:
        wayhome = started("article")
        jobs = []
        for command in commands():
            if "ROUTER" in command:  # the article has none
                continue
            if command.startswith("iptables-save"):  # on a node; the agent's pod is there
                pods = ("kubectl", "get", "pods", "-n", "kube-system", "-l", "k8s-app=ip-masq-agent", "-o", "json")
                listed = subprocess.run(pods, env=environment, capture_output=True, text=True, check=True)
                (agent,) = (
                    one["metadata"]["name"]
                    for one in json.loads(listed.stdout)["items"]
                    if one["spec"].get("nodeName") == PLACE["NODE"]
                )
                command = f"kubectl exec -n kube-system {agent} -- {command}"
            sides = (A, B) if "gcloud compute" in command else (A,)
            ways = ("incoming", "outgoing") if "incoming" in command else ("",)
            for names in sides:
                for way in ways:
                    text = filled(command, names)
                    text = text.replace("INCOMING", way.upper()).replace("incoming", way) if way else text
                    jobs.append((text, names["PROJECT"]))

        def run(job: tuple[str, str]) -> None:
            text, project = job
            done = subprocess.run(
                ["sh", "-ec", text],
                cwd=folder,
                env={**environment, "CLOUDSDK_CORE_PROJECT": project},
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            assert done.returncode == 0, (text, done.stderr)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(run, jobs))
        return wayhome, [text for text, _project in jobs]

    return type_all


def test_the_files_of_the_pages_commands_become_a_verdict(
    typed: Callable[..., tuple[Wayhome, list[str]]], tmp_path: Path
) -> None:
    folder, case = tmp_path / "ticket", tmp_path / "case.json"
    folder.mkdir()
    wayhome, done = typed(folder)
    assert sum("gcloud" in text for text in done) > 15
    assert wayhome("lab", "stop").code == 0
    made = wayhome("snapshot", str(folder), *QUESTION)
    assert made.code == 0, made.err
    case.write_text(made.out, "utf-8")
    shot = json.loads(made.out)
    assert set(shot["compute"]) == {"project-a", "project-b"}
    assert len(shot["compute"]["project-a"]["peeringRoutes"]) == 2
    assert shot["node_nat"]["gke-node-01"].startswith("#") or "*nat" in shot["node_nat"]["gke-node-01"]
    judged = wayhome("diagnose", "--snapshot", str(case), "--json")
    assert judged.code == 1, judged.out + judged.err
    report = json.loads(judged.out)
    assert [cause["id"] for cause in report["causes"] if cause["status"] == "confirmed"] == ["RC01"]
    assert (report["broken"]["direction"], report["broken"]["owner"]) == ("return", "project-b")
    assert [fact for fact in report["unknowns"] if fact["permission"]] == []
