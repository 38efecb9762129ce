"""Each remedy that wayhome applies, through the command line: applied, proven, and taken back to the letter."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from lab import control

pytestmark = pytest.mark.lab

QUESTION = ("my-pod", "http://10.2.0.10/health")

# Scenario, remedy, what the pod gets once it has been taken back: an agent leaves its rules on the nodes.
TABLE = [
    ("article", "masquerade-minimal", "timeout"),
    ("article", "masquerade-article", "timeout"),
    ("article", "exchange-routes", "timeout"),
    ("rc02-peer-does-not-import", "import-routes", "timeout"),
    ("rc03-own-side-does-not-export", "export-routes", "timeout"),
    ("rc16-config-under-another-key", "mend-config", "timeout"),
    ("rc17-config-in-another-namespace", "mend-config", "timeout"),
    ("rc21-config-key-misspelt", "mend-config", "timeout"),
    ("rc27-egress-nat-policy-keeps-pods", "egress-nat-policy", "timeout"),
    ("rc18-no-agent", "deploy-agent", "ok"),
]


@pytest.mark.parametrize("fabric", ["simulated", "kernel"])
def test_every_remedy_is_applied_proven_and_taken_back(
    fabric: str, started: Callable[..., Any], environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the kernel the answers are those of real packets; a machine without namespaces skips that, CI does not."""
    try:
        lab = started("article", "--fabric", fabric)
    except AssertionError as error:
        if fabric == "simulated" or os.environ.get("CI") or "--fabric simulated" not in str(error):
            raise
        pytest.skip(f"no network namespaces here: {error}")
    monkeypatch.setenv("WAYHOME_STATE_DIR", environment["WAYHOME_STATE_DIR"])
    running = control.running()
    assert running is not None
    # The mistakes in a configuration are the same to the kernel: one of them is enough there.
    mended = [remedy for _scenario, remedy, _after in TABLE].index("mend-config")
    for number, (scenario, remedy, after) in enumerate(TABLE):
        if fabric == "kernel" and remedy == "mend-config" and number > mended:
            continue
        turned = lab("lab", "inject", scenario)
        assert turned.code == 0, turned.err
        done = lab("apply", remedy, *QUESTION, "--yes", "--no-node-probe", seconds=300)
        assert done.code == 0, (scenario, remedy, done.out, done.err)
        assert ": proven\n  pod-peer: ok" in done.out, (scenario, remedy, done.out)
        assert "Who may do it needs:" in done.out
        assert "Takes effect:" in done.out
        assert control.changed(running).differs, (scenario, remedy)
        taken = lab("rollback", "--yes", "--no-node-probe", seconds=300)
        assert taken.code == 0, (scenario, remedy, taken.out, taken.err)
        assert f": rolled-back\n  pod-peer: {after}" in taken.out, (scenario, remedy, taken.out)
        assert control.changed(running).differs == (), (scenario, remedy)


def test_what_is_handed_over_is_shown_and_never_applied(started: Callable[..., Any]) -> None:
    wayhome = started("rc30-peer-firewall-admits-nodes-only")
    shown = wayhome("apply", "peer-firewall", *QUESTION, "--dry-run")
    assert shown.code == 0, shown.err
    assert "gcloud compute firewall-rules create" in shown.out
    refused = wayhome("apply", "peer-firewall", *QUESTION, "--yes")
    assert refused.code != 0
    assert "handoff" in refused.err + refused.out
    message = wayhome("handoff", "peer-firewall", *QUESTION)
    assert message.code == 0, message.err
    assert "gcloud compute firewall-rules create" in message.out
