"""The shell itself: POSIX behaviour, as dash and bash show it for the same text."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.fabric.base import Place
from lab.shell.syntax import SyntaxFault, parse
from rules.snapshot import PodRef

# Each text is run by the lab's shell and, where the machine has one, by a real one: output and exit code are the same.
SAME = [
    "true",
    "false",
    "exit 3",
    "true; false; echo $?",
    "false || echo or",
    "true && echo and",
    "false && echo no || echo yes",
    "! true; echo $?",
    "echo 'a  b' \"c  d\" e\\ f g",
    "echo \"it's $HOME_LIKE\" '$HOME'",
    "X=1; echo $X ${X} ${Y:-two} ${Y-} ${X:+set} ${#X}",
    'X=" a  b "; echo $X; echo "$X"',
    "X=a; X=b true; echo $X",
    "echo $(echo inner; echo two) `echo back`",
    'echo "$(printf "%s-%s\\n" a b)"',
    "X=$(false); echo $?",
    "if true; then echo yes; else echo no; fi",
    "if false; then echo a; elif true; then echo b; fi",
    "for i in a b c; do echo $i; done",
    "for i in $(echo 1 2); do echo $i; done",
    'i=; while [ "$i" != xx ]; do i=x$i; done; echo $i',
    "until true; do echo never; done; echo end",
    "case abc in a*) echo star;; *) echo other;; esac",
    "case 'a*' in 'a*') echo literal;; esac",
    "case x in a|x) echo either;; esac; case y in a) ;; esac; echo $?",
    "echo one | cat",
    "printf 'b\\na\\n' | grep a",
    "printf '1\\n2\\n3\\n' | head -n 2 | wc -l | tr -d ' '",
    "(echo sub; exit 4); echo $?",
    "{ echo a; echo b; } | cat",
    "X=1; (X=2); echo $X",
    "echo out; echo err >&2",
    "echo hidden >/dev/null; echo shown",
    "echo err 2>/dev/null >&2; echo after",
    "{ echo a; echo b >&2; } 2>&1 | cat",
    "cat </dev/null; echo $?",
    "exec 3>&1; echo three >&3",
    "printf 'a b\\nc\\n' | { read x y; echo \"$y-$x\"; read z; echo $z; }",
    "printf 'no newline' | { read x; echo $? $x; }",
    'set -- a \'b c\'; echo $# $1; for w in "$@"; do echo "<$w>"; done',
    "set -- a b c; shift; echo $1 $#",
    "[ 1 -lt 2 ] && [ a = a ] && [ -n x ] && [ ! -z x ] && echo ok",
    "[ a = b ]; echo $?; test 2 -gt 1; echo $?",
    "[ a = a -a b = c ] || echo not",
    "command -v nosuchprogram; echo $?",
    "nosuchprogram 2>/dev/null; echo $?",
    "set -e; false; echo never",
    "set -e; if false; then :; fi; false || true; echo reached",
    "echo a # comment\necho b",
    "echo a \\\n b",
    "echo a;\n\n\necho b &&\n echo c",
    "printf '%s %d %5s|%-3s|\\n' a 7 x y; printf '%s\\n' 1 2 3",
    "printf '\\101\\n'",
    "echo -n a; echo b",
    "export A=1; env | grep ^A=",
    "A=2 env | grep ^A=2",
    "exit $(echo 5)",
    'echo "a\\"b\\$c\\\\"',
    "true & wait; echo done",
    "unset X; echo ${X:=set} $X",
    "echo a; X=1 :; echo $X",
    'x="a;b&&c|d"; echo $x',
    "echo {a,b}",
    "echo */nothing/*",
    "if [ -e /dev/null ]; then echo there; fi",
]


def real_shell(text: str) -> tuple[str, int]:
    """Output and exit code of the machine's own dash."""
    real = shutil.which("dash")
    if real is None:
        pytest.skip("no dash on this machine")
    done = subprocess.run([real, "-c", text], capture_output=True, text=True, timeout=10, check=False, cwd="/")
    return done.stdout, done.returncode


@pytest.mark.parametrize("text", SAME)
async def test_as_a_real_shell(text: str, zoo: Any) -> None:
    done = await zoo.sh(text, pod="debian")
    assert (done.out, done.code) == real_shell(text)


@pytest.mark.parametrize(
    ("pod", "shell", "message"),
    [
        ("my-pod", "sh", "sh: foo: not found\n"),
        ("debian", "sh", "sh: 1: foo: not found\n"),
        ("tools", "bash", "bash: line 1: foo: command not found\n"),
    ],
)
async def test_unknown_commands(pod: str, shell: str, message: str, zoo: Any) -> None:
    done = await zoo.sh("foo", pod=pod, shell=shell)
    assert (done.code, done.err) == (127, message)


async def test_unknown_programs_without_a_shell(zoo: Any) -> None:
    for pod, name in (("my-pod", "bash"), ("distroless", "sh"), ("distroless", "curl"), ("debian", "curl")):
        done = await zoo.type(name, "-c", "true", pod=pod)
        assert done.code == 127
        assert f'exec: "{name}": executable file not found in $PATH' in done.err
    assert (await zoo.type("", pod="my-pod")).code == 127


@pytest.mark.parametrize(
    "text",
    ["if", "fi", "echo 'x", 'echo "x', "(", ")", "echo |", "&& x", "case x in", "a << b", "$((1))", "for 1 in", "${x"],
)
async def test_what_is_no_command(text: str, zoo: Any) -> None:
    done = await zoo.sh(text)
    assert done.code == 2
    assert done.err.startswith("sh: syntax error: ")


async def test_files(zoo: Any) -> None:
    assert "Alpine" in (await zoo.type("cat", "/etc/os-release")).out
    assert (await zoo.type("cat", "/etc/hostname")).out == "my-pod\n"
    missing = await zoo.type("cat", "/nothing")
    assert (missing.code, missing.err) == (1, "cat: /nothing: No such file or directory\n")
    written = await zoo.sh("echo x > /tmp/x")
    assert written.code == 1
    assert "Read-only file system" in written.err


async def test_small_programs(zoo: Any) -> None:
    assert (await zoo.type("hostname")).out == "my-pod\n"
    assert (await zoo.type("hostname", pod="host")).out == "gke-node-01\n"
    assert (await zoo.type("id")).out == "uid=100(curl_user) gid=101(curl_group) groups=101(curl_group)\n"
    assert (await zoo.type("id", "-u", pod="tools")).out == "0\n"
    assert "KUBERNETES_SERVICE_HOST=10.96.0.1\n" in (await zoo.type("env")).out
    assert (await zoo.type("echo", "a", "$HOME", ";", "b")).out == "a $HOME ; b\n"
    assert (await zoo.type("sleep", "0.01")).code == 0
    assert (await zoo.type("sleep", "x")).code == 1
    assert (await zoo.sh("command -v curl ping; command -v perl; echo $?")).out == "/usr/bin/curl\n/usr/bin/ping\n127\n"


@pytest.mark.parametrize(("pod", "code"), [("busybox", 143), ("tools", 124)])
async def test_timeout(pod: str, code: int, zoo: Any) -> None:
    assert (await zoo.type("timeout", "0.05", "sleep", "100", pod=pod)).code == code
    assert (await zoo.type("timeout", "5", "sh", "-c", "exit 7", pod=pod)).code == 7
    assert (await zoo.type("timeout", "5", "nothing", pod=pod)).code == 127
    assert (await zoo.type("timeout", "x", "true", pod=pod)).code == 125


async def test_commands_from_standard_input(zoo: Any) -> None:
    done = await zoo.type("sh", stdin=b"echo one\nif true; then\necho two\nfi\nexit 5\necho never\n")
    assert (done.code, done.out) == (5, "one\ntwo\n")


async def test_a_reader_that_ends_ends_its_writer(zoo: Any) -> None:
    done = await zoo.sh("while true; do echo line; done | head -n 3")
    assert (done.code, done.out) == (0, "line\n" * 3)


@given(st.text(alphabet="ab $(){}`'\"\\;&|<>!#=\n1[]*", max_size=30))
def test_any_text_parses_or_is_a_fault(text: str) -> None:
    try:
        parse(text)
    except SyntaxFault as fault:
        found = str(fault)
    else:
        return
    assert found


async def test_depth_and_length_are_bounded(zoo: Any) -> None:
    assert (await zoo.sh("(" * 200 + "true" + ")" * 200)).code == 2
    assert (await zoo.sh("$(" * 200 + "true" + ")" * 200)).code == 2
    assert (await zoo.sh("echo " + "x" * 70_000)).code == 2


async def test_a_terminal_echoes_edits_and_interrupts(zoo: Any) -> None:
    typed = await zoo.type("sh", stdin=b"ecz\x7fho hi\r\x04", tty=True)
    assert "ecz\b \bho hi\r\n" in typed.out
    assert "/ $ hi\r\n" in typed.out.replace("ecz\b \bho hi\r\n", "")
    assert typed.code == 0
    pinged = await zoo.type("ping", "10.1.0.21", stdin=b"\x03", tty=True)
    assert "ping statistics" in pinged.out or pinged.code == 130


async def test_interrupting_what_runs(zoo: Any) -> None:
    """Each key is sent when the screen shows what comes before it, as a person would."""
    screen, shown = bytearray(), asyncio.Event()
    script = [
        (b"/ $ ", b"\x03"),
        (b"^C", b"echo begun; sleep 1000\r"),
        (b"begun\r\n", b"\x03"),
        (b"^C\r\n", b"echo code $?\r"),
        (b"code 130\r\n", b"ping 10.1.0.21\r"),
        (b"seq=0", b"\x03"),
        (b"ping statistics", b"\x04"),
    ]

    async def read() -> bytes:
        if not script:
            return b""
        wanted, keys = script.pop(0)
        while wanted not in screen:
            shown.clear()
            await shown.wait()
        screen.clear()
        return keys

    async def write(data: bytes) -> None:
        screen.extend(data)
        shown.set()

    async with asyncio.timeout(20):
        code = await zoo.fabric.run(Place(PodRef("default", "my-pod"), "my-pod", True), ["sh"], read, write, write)
    assert not script
    assert code == 0
