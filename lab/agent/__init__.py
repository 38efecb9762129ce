"""Stand-ins for ip-masq-agent: one for each agent pod that runs, each with its node's kernel under its hands.

They read the ConfigMap as the kubelet brings it into the pod (its volume is refreshed about once a minute), and write
the nat table at every resync. What they find wrong goes to their log alone, as with the real one.
"""

from lab.agent.runner import Agents

__all__ = ["Agents"]
