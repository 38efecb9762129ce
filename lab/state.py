"""What a running lab leaves on the disk for others to find it: one small file, written when it is ready."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from platformdirs import user_state_dir

FILE = "lab.json"
LOG = "lab.log"
KUBECONFIG = "kubeconfig"
FAILURE = "failure"


@dataclass(frozen=True)
class Running:
    """A running lab. `scenario` is its name, or the path of one's own file; `born` is the process's start time in the
    system's own words, so that another process with the same id is not taken for it."""

    scenario: str
    title: str
    fabric: str
    speed: float
    pid: int
    born: str
    project: str
    kubeconfig: str
    kubernetes: str
    compute: str
    container: str
    resources: str
    desk: str
    log: str


@dataclass(frozen=True)
class Changed:
    """What differs in a lab's world from its beginning: objects as TABLE KEY, and how many writes there were."""

    writes: int
    differs: tuple[str, ...]


def state_dir() -> Path:
    """Where wayhome keeps its state: WAYHOME_STATE_DIR, or the user's own place for it."""
    given = os.environ.get("WAYHOME_STATE_DIR")
    return Path(given).expanduser().absolute() if given else Path(user_state_dir("wayhome"))


def lab_dir() -> Path:
    """The lab's own folder in it; WAYHOME_LAB names another, for a process with a lab of its own."""
    return state_dir() / os.environ.get("WAYHOME_LAB", "lab")


def read(folder: Path) -> Running | None:
    """The lab that says it runs in `folder`; None when no file is there, or one that cannot be read.

    A lab that another version of wayhome started is found too, and can be stopped; what it does not say is empty.
    """
    try:
        data = json.loads((folder / FILE).read_text(encoding="utf-8"))
        pid, born, speed = data["pid"], data["born"], float(data.get("speed", 1.0))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    if not isinstance(pid, int) or pid <= 0 or not isinstance(born, str) or not born:
        return None
    texts = {field.name: str(data.get(field.name, "")) for field in fields(Running)}
    return Running(**{**texts, "pid": pid, "born": born, "speed": speed})  # type: ignore[arg-type]  # the rest is text


def write(folder: Path, running: Running) -> None:
    """Say that the lab runs; nobody ever sees half of the file."""
    put(folder / FILE, json.dumps(asdict(running), indent=1) + "\n")


def put(path: Path, text: str | bytes) -> None:
    """Write a private file in one step."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def born(pid: int) -> str | None:
    """When the process started, in words that only compare; None when there is no such process."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self", "stat").exists():
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in ("Z", "X") else fields[19]
    found = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False, timeout=10
    )
    return found.stdout.strip() or None


def alive(running: Running) -> bool:
    """Whether that very process still runs."""
    return running.pid > 0 and born(running.pid) == running.born
