"""The journal keeps what was written, through torn lines, other processes and folders that take no file."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from probes import journal, lock
from probes.journal import JournalError
from probes.run import State


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYHOME_STATE_DIR", str(tmp_path / "state"))


def test_lines_come_back_in_order() -> None:
    kept = journal.begin({"remedy": "r"})
    kept.write("calling", change=0, state="applying")
    kept.write("called", change=0, after={"a": "ü"})
    run = journal.read(kept.id)
    assert [line["step"] for line in run.lines] == ["plan", "calling", "called"]
    assert run.plan["remedy"] == "r"
    assert run.state is State.APPLYING
    assert run.last("called", 0)["after"] == {"a": "ü"}  # type: ignore[index]  # it is there
    assert run.last("called", 1) is None
    assert not run.torn


def test_each_write_is_synced_to_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    real = os.fsync

    def count(descriptor: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", count)
    kept = journal.begin({})
    assert synced == [True, False, True]
    kept.write("calling")
    assert synced == [True, False, True, False, True]


def test_a_torn_line_is_named_and_swallows_nothing() -> None:
    kept = journal.begin({"remedy": "r"})
    kept.write("calling", change=0, state="applying")
    kept.path.write_bytes(kept.path.read_bytes()[:-7])
    torn = journal.read(kept.id)
    assert torn.torn
    assert torn.state is State.PLANNED
    journal.reopen(torn).write("called", change=0, state="applied")
    mended = journal.read(kept.id)
    assert mended.state is State.APPLIED
    assert [line["step"] for line in mended.lines] == ["plan", "called"]


def test_runs_are_listed_newest_first_and_strangers_are_left_out(tmp_path: Path) -> None:
    first, second = journal.begin({"n": 1}), journal.begin({"n": 2})
    (tmp_path / "state/runs/20200101T000000Z-abcdef.jsonl").write_text('{"format": "other/9"}\n')
    (tmp_path / "state/runs/notes.jsonl").write_text("hello\n")
    assert {run.id for run in journal.runs()} == {first.id, second.id}
    assert [run.id for run in journal.runs()] == [second.id, first.id]


@pytest.mark.parametrize("id", ["", "../../etc/passwd", "20200101T000000Z-abcdef"])
def test_a_run_that_is_not_there(id: str) -> None:
    with pytest.raises(JournalError) as caught:
        journal.read(id)
    assert "wayhome runs" in caught.value.sentence


def test_no_folder_to_write_to(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(JournalError) as caught:
        journal.begin({})
    assert "WAYHOME_STATE_DIR" in caught.value.sentence


def test_a_full_disk_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = journal.begin({})

    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(JournalError) as caught:
        kept.write("calling")
    assert "No space left on device" in caught.value.sentence


def test_a_full_disk_leaves_the_lock_nameless_and_the_refusal_to_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    monkeypatch.setattr(os, "write", full)
    with lock.only_one(), pytest.raises(journal.JournalError, match="No space left"):
        journal.begin({})


def test_the_lock_says_who_has_it() -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from probes import lock\nwith lock.only_one():\n    print('held', flush=True)\n    input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert lock.someone_at_work()
        with pytest.raises(JournalError) as caught, lock.only_one():
            pytest.fail("two held the lock")
        assert f"process {holder.pid}" in caught.value.sentence
        holder.communicate("\n")
    assert not lock.someone_at_work()
    with lock.only_one():
        assert lock.someone_at_work()


def test_a_clock_that_goes_back_does_not_change_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        times = iter(("2030-01-01T00:00:00+00:00",) * 2 + ("2020-01-01T00:00:00+00:00",) * 2)

        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime.fromisoformat(next(cls.times))

    monkeypatch.setattr(journal, "datetime", Clock)
    first, second = journal.begin({}), journal.begin({})
    assert first.id > second.id
    assert [run.id for run in journal.runs()] == [second.id, first.id]
    assert [run.number for run in journal.runs()] == [2, 1]


def test_a_run_whose_plan_is_spoilt_is_named_and_no_other_is_lost() -> None:
    kept, other = journal.begin({"remedy": "r"}), journal.begin({"remedy": "s"})
    kept.write("calling", change=0, state="applying")
    kept.path.write_bytes(b"\x00" * 40 + kept.path.read_bytes()[40:])
    assert [run.id for run in journal.runs()] == [other.id]
    (sentence,) = journal.unreadable()
    assert str(kept.path) in sentence
    assert "damaged" in sentence
    with pytest.raises(JournalError, match="damaged"):
        journal.read(kept.id)


def test_a_spoilt_line_in_the_middle_hides_no_call() -> None:
    kept = journal.begin({"remedy": "r", "steps": [{}]})
    kept.write("calling", change=0, state="applying")
    kept.write("called", change=0, left={})
    lines = kept.path.read_bytes().split(b"\n")
    kept.path.write_bytes(b"\n".join([lines[0], b"?" * len(lines[1]), *lines[2:]]))
    run = journal.read(kept.id)
    assert run.torn
    assert run.state is State.APPLYING
    assert run.half_done
    assert run.can_be_taken_back


def test_bytes_that_are_no_text_are_no_journal(tmp_path: Path) -> None:
    kept = journal.begin({"remedy": "r"})
    kept.path.write_bytes(os.urandom(64) + b"\n" + os.urandom(8))
    assert journal.runs() == ()
    assert len(journal.unreadable()) == 1


def test_a_disk_that_takes_no_more_stops_before_the_call(tmp_path: Path) -> None:
    script = (
        "import resource, sys\n"
        "from probes import journal\n"
        "kept = journal.begin({'remedy': 'r'})\n"
        "size = kept.path.stat().st_size\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, size + 20))\n"
        "try:\n"
        "    kept.write('calling', change=0, state='applying')\n"
        "except journal.JournalError as error:\n"
        "    print(kept.id, error.sentence)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    name, _space, sentence = done.stdout.partition(" ")
    assert "nothing more is changed" in sentence
    run = journal.read(name)
    assert run.torn
    assert run.state is State.PLANNED
    assert not run.half_done
