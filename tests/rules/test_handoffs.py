"""Remedies for somebody else, and advice: computed from the source that the target sees, and never applied."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rules.evaluate import evaluate
from rules.remedies.nginx import configuration
from rules.report import handoff
from rules.report.handoff_print import as_text
from rules.report.model import Offer, Report, Role
from rules.snapshot import Snapshot, Target

Seen = Callable[..., Snapshot]
OUT = "ok ok ok timeout"


def offer(report: Report, name: str) -> Offer:
    return next(each for each in report.remedies if each.id == name)


def words(command: str) -> dict[str, str]:
    found = shlex.split(command)
    return dict(itertools.pairwise(found))


def test_the_peers_rule_is_for_the_source_that_the_target_sees(seen: Seen) -> None:
    found = offer(evaluate(seen("rc30-peer-firewall-admits-nodes-only", OUT)), "peer-firewall")
    assert found.role is Role.HAND_OFF
    assert found.complete
    assert not found.applicable
    assert found.changes == ()
    assert found.owner == "project-b"
    given = words(found.commands[0])
    assert given["--rules"] == "tcp:80"
    assert given["--network"] == "vpc-b"
    assert given["--destination-ranges"] == "10.2.0.10/32"  # the target has no network tags
    assert found.undo
    assert found.expected_before
    assert found.expected_after


def test_the_peers_rule_names_the_targets_tags_and_comes_before_a_rule_that_denies(seen: Seen) -> None:
    def edit(data: dict[str, Any]) -> None:
        data["compute"]["project-b"]["instances"][0]["tags"] = {"items": ["web"]}
        for entry in data["compute"]["project-b"]["effectiveFirewalls"]:
            entry["firewalls"].append(
                {
                    "name": "no-pods",
                    "direction": "INGRESS",
                    "priority": 500,
                    "sourceRanges": ["172.16.0.0/12"],
                    "denied": [{"IPProtocol": "all"}],
                }
            )

    report = evaluate(seen("rc30-peer-firewall-admits-nodes-only", OUT, edit))
    found = offer(report, "peer-firewall")
    given = words(found.commands[0])
    assert given["--target-tags"] == "web"
    assert "--destination-ranges" not in given
    assert int(given["--priority"]) < 500
    assert found.complete


def test_routes_and_door_together_are_a_set(seen: Seen) -> None:
    report = evaluate(seen("rc31-no-routes-and-firewall", OUT))
    together = next(one for one in report.fix_sets if "peer-firewall" in one.remedies)
    assert together.remedies == ("exchange-routes", "peer-firewall")
    assert together.hands_off
    assert together.owners == ("project-a", "project-b")
    assert "peer-firewall" in offer(report, "exchange-routes").sentence


def test_the_proxy_is_walked_in_a_world_that_has_it(seen: Seen) -> None:
    found = offer(evaluate(seen("article", OUT)), "proxy-vm")
    assert found.role is Role.HAND_OFF
    assert not found.complete
    assert [need.met for need in found.preconditions[:2]] == [True, True]
    by_probe = {row.probe: row.predicted for row in found.matrix}
    assert by_probe["pod-proxy"] == "ok"
    assert by_probe["pod-peer"] == "timeout"
    assert found.documents[0].name == "nginx.conf"
    assert "proxy_pass 10.2.0.10:80;" in found.documents[0].text
    assert any("firewall-rules create" in command and "172.16.0.0/16" in command for command in found.commands)


def message(shot: Snapshot, name: str) -> tuple[handoff.Handoff, str]:
    report = evaluate(shot)
    made = handoff.make(shot, report, offer(report, name))
    return made, as_text(made)


def section(text: str, title: str) -> str:
    """What stands under a heading, up to the next."""
    return re.split(r"\n\n(?=[^\n]+\n-+\n)", text.split(f"\n{title}\n")[1])[0]


@pytest.mark.parametrize("name", ["rc30-peer-firewall-admits-nodes-only", "rc31-no-routes-and-firewall"])
def test_the_message_about_the_peers_rule_can_be_acted_on(seen: Seen, name: str) -> None:
    made, text = message(seen(name, OUT), "peer-firewall")
    assert made.to == "project-b"
    todo = section(text, "What to do in project-b")
    typed = [line.strip() for line in todo.splitlines() if line.startswith("    ")]
    assert [shlex.split(line)[:4] for line in typed] == [
        ["gcloud", "compute", "firewall-rules", "list"],
        ["gcloud", "compute", "firewall-rules", "create"],
    ]
    assert "shows: no row (Listed 0 items.)" in todo
    assert "Afterwards the first command shows: one row:" in todo
    assert "firewall-rules delete" in section(text, "How to take it back")
    assert "may open connections" in section(text, "What else changes for you")
    assert ("finds its way home" in text) is name.startswith("rc31"), "the other fault has to be mended as well"
    assert not re.search("wayhome|kubectl|nginx", text)


@pytest.mark.parametrize(
    ("name", "remedy", "right"),
    [
        ("article", "exchange-routes", "compute.networks.updatePeering on project-b"),
        ("rc02-peer-does-not-import", "import-routes", "compute.networks.updatePeering on project-b"),
        ("rc30-peer-firewall-admits-nodes-only", "peer-firewall", "compute.firewalls.create"),
        ("rc31-no-routes-and-firewall", "peer-firewall", "compute.firewalls.create"),
    ],
)
def test_a_stranger_understands_every_word_and_knows_the_right_that_it_takes(
    seen: Seen, name: str, remedy: str, right: str
) -> None:
    _made, text = message(seen(name, OUT), remedy)
    assert not re.search(r"RC\d\d|pod-peer|node-peer|pod-local", text)
    todo = " ".join(section(text, "What to do in project-b").split())
    assert "Whoever does it needs: " in todo
    assert right in todo
    assert "project-a." not in todo.partition("Whoever does it needs: ")[2]
    assert "Takes effect after " in todo
    both = "does not matter" in text
    assert both is (remedy == "exchange-routes")


def test_what_is_known_not_to_hold_is_not_called_unseen(seen: Seen) -> None:
    _made, text = message(seen("rc31-no-routes-and-firewall", OUT), "peer-firewall")
    touched = " ".join(section(text, "What else changes for you").split())
    assert "which is not so today: - the answer to 172.16.1.2 finds its way home" in touched
    assert "could not see" not in touched


@pytest.mark.parametrize("name", ["article", "rc30-peer-firewall-admits-nodes-only"])
def test_the_message_about_the_proxy_is_for_the_clusters_own_project_and_holds_its_files(
    seen: Seen, name: str, tmp_path: Path
) -> None:
    made, text = message(seen(name, OUT), "proxy-vm")
    assert made.to == "project-a"
    assert "your part" not in text
    assert "your network project-b" not in " ".join(text.split())
    (todo,) = (one for one in made.sections if one.title == "What to do in project-a")
    code = ["\n".join(block.lines) for block in todo.blocks if block.kind == "code"]
    files = [each for each in code if each.startswith("cat > ")]
    done = subprocess.run(
        ["sh", "-e"], input="\n".join(files), cwd=tmp_path, text=True, check=True, capture_output=True
    )
    assert done.stderr == ""
    assert (tmp_path / "nginx.conf").read_text("utf-8") == configuration(Target("10.2.0.10", 80), 80)
    gcloud = [shlex.split(each) for each in code if each not in files]
    assert {words[0] for words in gcloud} == {"gcloud"}
    create = next(words for words in gcloud if words[2:4] == ["instances", "create"])
    named = next(word for at, word in enumerate(create) if create[at - 1] == "--metadata-from-file")
    assert {part.partition("=")[2] for part in named.split(",")} == {one.name for one in tmp_path.iterdir()}
    back = section(text, "How to take it back")
    assert "instances delete" in back
    assert "firewall-rules delete" in back
    assert "kubectl" not in text


def test_a_proxy_that_the_peer_may_not_admit_names_the_peers_part(
    seen: Seen, forbid: Callable[[str], Callable[[dict[str, Any]], None]]
) -> None:
    made, text = message(seen("article", OUT, forbid("project-b")), "proxy-vm")
    assert made.to == "project-a"
    assert "--project project-b" in section(text, "What project-b does")
    assert "--project project-b" not in section(text, "What to do in project-a")


def test_advice_is_never_applied_and_says_what_it_needs(seen: Seen) -> None:
    report = evaluate(seen("article", OUT))
    given = [each for each in report.remedies if each.role is Role.ADVICE]
    assert [each.id for each in given] == ["vpc-native", "shared-vpc", "public-path"]
    for each in given:
        assert not each.applicable
        assert not each.complete
        assert not each.changes
        assert each.preconditions
    assert offer(report, "shared-vpc").preconditions[1].met is False  # routes-based


@pytest.mark.parametrize(
    "target", [Target("10.2.0.10", 80), Target("10.2.0.10", 53, "udp"), Target("10.255.255.254", 65535)]
)
def test_nginx_accepts_the_configuration(target: Target, tmp_path: Path) -> None:
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if nginx is None:
        if os.environ.get("CI"):
            pytest.fail("nginx is missing; CI installs it")
        pytest.skip("no nginx here to try the configuration with")
    assert target.port is not None
    conf = tmp_path / "nginx.conf"
    conf.write_text(configuration(target, target.port), "utf-8")
    extra = f"pid {tmp_path}/nginx.pid; error_log stderr;"
    done = subprocess.run(
        [nginx, "-t", "-c", str(conf), "-g", extra], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    broken = conf.read_text("utf-8").replace("events {\n    worker_connections 4096;\n}\n", "")
    conf.write_text(broken, "utf-8")
    again = subprocess.run(
        [nginx, "-t", "-c", str(conf), "-g", extra], capture_output=True, text=True, timeout=120, check=False
    )
    assert again.returncode != 0
