"""ip-masq-agent on a real cluster: its DaemonSet with an image that has iptables, and the thinking that it lacks.

The pod reads the file that the real kubelet mounts, and writes the real chain in its node's namespace with the rights
of its own container. What a file means and which rules follow it asks at a socket, where the lab's stand-in answers.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from lab.agent.chain import flags, jump, rules
from lab.agent.config import SECOND, parse
from lab.agent.goyaml import GoError
from lab.agent.mount import FILE, FOLDER
from lab.agent.runner import SHORTEST, log_line, refused, taken
from lab.build.daemonset import agent_daemonset
from lab.build.times import Times
from lab.scenario.model import AgentPlan, ClusterPlan
from lab.store import Object

IMAGE = "registry.local/tools:1"
DESK, SOCKET = "desk", "agent.sock"
_MOUNTED = "/run/desk"
_MISSING = "missing"

# The answer has five parts: seconds until the next look, what to log, the chain, the jump, the chain's rules.
# An answer without rules leaves the kernel as it is.
_SCRIPT = r"""
file=$1; shift
said= seconds=1
while :; do
  state=there; [ -e "$file" ] || state=missing
  answer=$(cat "$file" 2>/dev/null | curl -sS -m 10 --unix-socket /run/desk/agent.sock --data-binary @- \
    -H "Flags: $*" "http://agent/$state") || { sleep 1; continue; }
  { read -r next; read -r words; read -r chain; read -r jump; rules=$(cat); } <<<"$answer"
  [ -z "$next" ] || seconds=$next
  [ "${words#* * }" = "$said" ] || printf '%s\n' "$words"
  said=${words#* * }
  if [ -n "$rules" ]; then
    iptables-save -t nat | grep -qF -- "-j $chain" || missing=$jump
    printf '%s\n' '*nat' ":$chain - [0:0]" "${missing:-}" "$rules" COMMIT | iptables-restore -w --noflush
    missing=
  fi
  sleep "$seconds" & wait $!
done
"""


def daemonset(cluster: ClusterPlan, plan: AgentPlan, folder: Path) -> Object:
    """GKE's DaemonSet as a client would create it, its pods asking at `folder`/SOCKET on this machine."""
    made = agent_daemonset(cluster, plan, 0, Times(datetime.now(UTC)))
    made["metadata"] = {key: made["metadata"][key] for key in ("name", "namespace", "labels")}
    del made["status"]
    del made["spec"]["updateStrategy"]["rollingUpdate"]["maxSurge"]  # a server of v1.20 does not know it
    spec: dict[str, Any] = made["spec"]["template"]["spec"]
    for absent in ("serviceAccount", "serviceAccountName"):
        del spec[absent]
    spec["terminationGracePeriodSeconds"] = 1
    spec["volumes"].append({"name": "desk", "hostPath": {"path": str(folder), "type": "Directory"}})
    container = spec["containers"][0]
    container["image"] = IMAGE
    container["command"] = ["bash", "-c", "trap 'exit 0' TERM\n" + _SCRIPT, "ip-masq-agent", f"{FOLDER}/{FILE}"]
    container["volumeMounts"].append({"name": "desk", "mountPath": _MOUNTED})
    return made


def desk(speed: float) -> web.Application:
    """POST /there with a file's content, or /missing; the agent's flags are a header. `speed` divides its waits."""

    async def answer(request: web.Request) -> web.Response:
        given = flags(request.headers.get("Flags", "").split(), IMAGE)
        file = None if request.path == f"/{_MISSING}" else (await request.read()).decode("utf-8", "replace")
        now = datetime.now(UTC)
        try:
            config = parse(file, all_reserved=given.all_reserved, ipv6=given.ipv6, has_limit=given.has_limit)
        except GoError as error:
            return web.Response(text="\n".join(["", log_line("E", refused(str(error)), now), "", "", ""]))
        seconds = max(config.resync / SECOND / speed, SHORTEST)
        lines = [f"{seconds:.2f}", log_line("I", taken(file, config), now), given.chain, jump(given)]
        return web.Response(text="\n".join([*lines, *rules(config, given)]) + "\n")

    app = web.Application()
    app.router.add_post("/{state}", answer)
    return app
