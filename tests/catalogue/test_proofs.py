"""What the causes' pages tell a person to type: words are filled, promises are checked, a sample is typed."""

from __future__ import annotations

import os
import shutil

import pytest

from catalogue import proofs, typed, worlds
from catalogue.proofs import Typed
from catalogue.worlds import World
from rules import causes

IDS = [cause.id for cause in causes.load()]
FIRST: dict[str, World] = {}
for _world in worlds.singles():
    FIRST.setdefault(_world.own, _world)
SAMPLE = IDS[::10]
CURL = Typed("kubectl exec POD -- curl -m 3 http://TARGET/", "")


@pytest.mark.parametrize("id", IDS)
def test_every_word_of_a_command_has_a_name_in_the_causes_scenario(id: str) -> None:
    found = proofs.commands(id)
    assert len(found) > 1
    for command in found:
        if not proofs.untyped(command):
            assert "kubectl " in command.text or "gcloud " in command.text
            assert proofs.fill(command.text, FIRST[id].scenario)


def test_a_word_that_nothing_stands_for_is_named() -> None:
    with pytest.raises(LookupError, match="RULE"):
        proofs.fill("gcloud compute forwarding-rules describe RULE", FIRST["RC01"].scenario)
    text = proofs.fill("kubectl get node NODE; curl http://TARGET/ http://LOCAL/; ping TARGET", FIRST["RC01"].scenario)
    assert text == (
        "kubectl get node gke-node-01; curl http://10.2.0.10/health http://10.1.0.21/health; ping 10.2.0.10"
    )


@pytest.mark.parametrize(
    ("command", "code", "out", "err", "said"),
    [
        (CURL, 0, "OK", "", ""),
        (CURL, 28, "", "command terminated with exit code 28", ""),
        (CURL, 127, "", "command terminated with exit code 127", "exit 127"),
        (CURL, 1, "", "pods not found", "exit 1, pods not found"),
        (Typed("gcloud x", ""), 2, "", "unrecognized arguments", "exit 2, unrecognized arguments"),
        (Typed("gcloud x list", ""), 0, "", "Listed 0 items.", "prints nothing"),
        (Typed("gcloud x list", "no row yet"), 0, "", "Listed 0 items.", ""),
        (Typed("kubectl get d", "NotFound"), 1, "", "Error from server (NotFound): d", ""),
        (Typed("kubectl get d", "NotFound"), 0, "d", "", "does not show NotFound"),
        (Typed("gcloud n", "exportCustomRoutes: false"), 0, "exportCustomRoutes: true", "", "does not show exportC"),
        (Typed("gcloud n --format 'yaml(bgp,nats)'", ""), 0, "bgp:\n  asn: 1", "", "does not show nats"),
    ],
)
def test_what_a_command_said_is_judged(command: Typed, code: int, out: str, err: str, said: str) -> None:
    found = proofs.judge(command, code, out, err)
    assert found.startswith(said)
    assert bool(found) is bool(said)


@pytest.mark.lab
@pytest.mark.clients
def test_a_sample_of_the_pages_is_typed_with_the_real_clients() -> None:
    """`make catalogue` types them all."""
    missing = [name for name in ("kubectl", "gcloud") if shutil.which(name) is None]
    if missing:
        assert "CI" not in os.environ, missing
        pytest.skip(f"{' and '.join(missing)} not on PATH")
    said = {}
    with typed.lab(FIRST[SAMPLE[0]], "simulated") as environment:
        for each in SAMPLE:
            typed.turn(environment, FIRST[each])
            said[each] = proofs.wrong(FIRST[each], environment)
    assert {each: why for each, why in said.items() if why} == {}
