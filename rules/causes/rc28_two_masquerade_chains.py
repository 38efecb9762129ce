"""RC28: the agent fills a chain of its own beside the one that the node booted with."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes import intent
from rules.causes.cause import Cause, Finding, Prior, cells, some
from rules.masquerade import BOOT_CHAIN, nat_table
from rules.report.model import Next, Status
from rules.words import _
from rules.world import AgentState


def check(case: Case) -> Finding | None:
    agent, node = case.world.agent, case.node
    if agent.state is not AgentState.PRESENT or agent.chain == BOOT_CHAIN or node is None:
        return None
    if node.name not in agent.pods or not intent.applies(case):
        return None
    cluster = case.world.cluster
    if cluster is not None and cluster.default_snat_disabled:
        return None
    table = nat_table(case.world, node.name)
    chains = table.masquerading_chains() if table is not None else ()
    if table is not None and BOOT_CHAIN not in chains:
        return None
    words = ("kubectl", "get", "daemonset", "ip-masq-agent", "--namespace", intent.NAMESPACE, "--output")
    return Finding(
        status=Status.LATENT,
        blocks=False,
        sentence=_(
            "The ip-masq-agent fills the chain {chain} and the node's own {boot} stands beside it: a range that the "
            "agent is told to leave alone is masqueraded all the same where the other chain does not list it."
        ).format(chain=agent.chain, boot=BOOT_CHAIN),
        evidence=some(
            _("DaemonSet kube-system/ip-masq-agent: no --masq-chain={boot} in its arguments").format(boot=BOOT_CHAIN),
            _("the nat table of {node} masquerades in {chains}").format(node=node.name, chains=", ".join(chains))
            if chains
            else "",
        ),
        decides=_("--masq-chain={boot} among the agent's arguments").format(boot=BOOT_CHAIN),
        next=Next(
            _("Read the agent's arguments."),
            shlex.join((*words, "jsonpath={.spec.template.spec.containers[*].args}")),
        ),
    )


CAUSE = Cause(
    "RC28",
    lambda: _("Two masquerade chains stand side by side"),
    check,
    cells=cells("any any any any any"),
    prior=Prior(2, 2, 2, 0),
)
