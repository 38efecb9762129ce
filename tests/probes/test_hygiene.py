"""What the room promises about itself: what it imports when, and where it changes things."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import probes

ROOM = Path(probes.__file__).parent
MODULES = sorted(path for path in ROOM.glob("*.py") if path.stem != "__init__")
HEAVY = ("google", "kubernetes", "websocket", "urllib3", "requests", "textual", "yaml")
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


@pytest.mark.parametrize("module", ["session", "ask", "parse", "events", "errors", "write", "apply", "warmup"])
def test_importing_a_module_imports_no_client(module: str) -> None:
    code = f"import sys, probes.{module}; print([n for n in sys.modules if n.split('.')[0] in {HEAVY}])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOM.parent)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_clients_are_imported_by_warmup_alone(path: Path) -> None:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").split(".")[0])
    assert names.isdisjoint({"google", "kubernetes", "websocket", "urllib3", "requests"})


@pytest.mark.parametrize("path", [path for path in MODULES if path.stem != "write"], ids=lambda path: path.stem)
def test_only_write_changes_anything(path: Path) -> None:
    """No other module names a changing method; the review of one's own rights changes nothing."""
    tree = ast.parse(path.read_text("utf-8"))
    words = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    calls = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    asks_for_rights = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" in words
    assert words & CHANGING <= ({"POST"} if asks_for_rights else set())
    verbs = ("create_", "patch_", "replace_", "delete_", "update_", "insert", "add_peering", "remove_peering")
    mine = {"create_pod", "delete_pod", "update_peering"}
    assert {call for call in calls if call.startswith(verbs)} <= mine
    if path.stem not in ("kube", "rights"):
        assert "send" not in calls


def test_warmup_from_many_threads_at_once() -> None:
    code = (
        "import threading; from probes import warmup; failed = []\n"
        "def load(which):\n"
        "    try: which()\n"
        "    except BaseException as error: failed.append(error)\n"
        "threads = [threading.Thread(target=load, args=(w,)) for w in (warmup.google, warmup.kubernetes) * 4]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]; print(failed)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOM.parent)
    assert done.stdout.strip() == "[]"


def test_who_needs_kubernetes_alone_does_not_wait_for_googles_client() -> None:
    code = (
        "import threading; from probes import warmup; load = warmup._import; held = threading.Event()\n"
        "def slow(name):\n"
        "    if name.startswith('google.cloud'): begun.set(); held.wait(60)\n"
        "    return load(name)\n"
        "begun = threading.Event(); warmup._import = slow; warmup.begin(then=lambda: __import__('colorsys'))\n"
        "begun.wait(60)\n"
        "warmup.kubernetes(); print('google' in warmup._loaded); held.set(); warmup.google(); import gc, sys, time\n"
        "until = time.monotonic() + 60\n"
        "while 'colorsys' not in sys.modules and time.monotonic() < until: time.sleep(0.01)\n"
        "print('colorsys' in sys.modules, gc.isenabled(), gc.get_freeze_count() > 100_000)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOM.parent)
    assert done.stdout.split() == ["False", "True", "True", "True"]
