"""The programs that can stand in for a packet: what to type, and what their exit codes and words mean.

Every run opens a new socket and waits three seconds, so that a lost SYN is sent again once. Exit codes: curl(1)
(6 resolve, 7 connect, 22 HTTP error, 28 timeout, 52 and 56 closed); BusyBox and GNU wget, OpenBSD and BusyBox nc and
ping by their words; the small scripts for bash, Python and Perl use curl's numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from probes.exec import Done
from rules.snapshot import Outcome, Target

SECONDS = 3
EXEC_SECONDS = 10.0

_REFUSED = re.compile(r"connection refused|actively refused", re.IGNORECASE)
_UNREACHABLE = re.compile(
    r"no route to host|(network|host|net) (is )?unreachable|prohibited|packet filtered|destination unreachable",
    re.IGNORECASE,
)
_TIMEOUT = re.compile(r"tim(ed|e)[- ]?out|timeout|100% packet loss|operation now in progress", re.IGNORECASE)
_DNS = re.compile(
    r"could not resolve|couldn't resolve|bad address|name or service not known|unable to resolve|name resolution|"
    r"resolving timed out|temporary failure in name",
    re.IGNORECASE,
)
_USAGE = re.compile(r"^usage:|(invalid|unrecognized|unknown|illegal) option", re.IGNORECASE | re.MULTILINE)
_RECEIVED = re.compile(r"operation timed out after .* bytes received", re.IGNORECASE)
_APPLICATION = re.compile(r"server returned error|ERROR [45][0-9][0-9]|HTTP/[0-9.]+ [45][0-9][0-9]", re.IGNORECASE)
_CLOSED = re.compile(
    r"connection reset|reset by peer|empty reply|no data received|error getting response|short read|broken pipe",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Tool:
    """One program. `argv` is None where it cannot ask the question; `judge` is None where a run says too little.

    `explain` is the argument list that says more then; after `seconds` the command is given up.
    """

    name: str
    argv: Callable[[Target, bool], tuple[str, ...] | None]
    judge: Callable[[Done, Target], Outcome | None]
    explain: Callable[[tuple[str, ...]], tuple[str, ...]] | None = None
    seconds: float = EXEC_SECONDS


def by_words(text: str) -> Outcome | None:
    """What the words of an error message say, or None."""
    for pattern, outcome in (
        (_DNS, Outcome.DNS),
        (_REFUSED, Outcome.REFUSED),
        (_UNREACHABLE, Outcome.UNREACHABLE),
        (_TIMEOUT, Outcome.TIMEOUT),
    ):
        if pattern.search(text):
            return outcome
    return None


def usage(done: Done) -> bool:
    """Whether a program has only said how it is used: that is no word about the network, though it says "timeout"."""
    return done.exit_code not in (0, None) and _USAGE.search(done.stderr) is not None


def _curl(target: Target, proxied: bool) -> tuple[str, ...] | None:
    if target.protocol != "tcp":
        return None
    direct = ("--noproxy", "*") if proxied else ()
    return ("curl", "-sSf", "-m", str(SECONDS), *direct, url(target))


def _judge_curl(done: Done, target: Target) -> Outcome | None:
    said = done.stderr + done.stdout
    connected = Outcome.APP_ERROR if target.path is not None else Outcome.OK
    if done.exit_code == 0:
        return Outcome.OK
    if done.exit_code == 28:
        if _RECEIVED.search(said):
            return Outcome.STALLED if target.path is not None else Outcome.OK
        return Outcome.DNS if _DNS.search(said) else Outcome.TIMEOUT
    if done.exit_code == 7:
        return by_words(said)
    if done.exit_code == 6:
        return Outcome.DNS
    if done.exit_code is None:
        return None
    if done.exit_code == 22:
        return connected
    if done.exit_code in (1, 8, 18, 35, 52, 55, 56, 60, 92):
        return connected
    return by_words(said) or Outcome.APP_ERROR


def _explain_curl(argv: tuple[str, ...]) -> tuple[str, ...]:
    return (argv[0], "-v", *argv[1:])


def _wget(target: Target, proxied: bool) -> tuple[str, ...] | None:
    if target.protocol != "tcp":
        return None
    direct = ("-Y", "off") if proxied else ()
    return ("wget", "-q", "-O", "-", "-T", str(SECONDS), "-t", "1", *direct, url(target))


def _judge_wget(done: Done, target: Target) -> Outcome | None:
    said = done.stderr
    connected = Outcome.APP_ERROR if target.path is not None else Outcome.OK
    if done.exit_code == 0:
        return Outcome.OK
    if done.exit_code is None:
        return Outcome.TIMEOUT if done.cut == "deadline" else None
    if done.exit_code == 8 or _APPLICATION.search(said):
        return connected
    if _CLOSED.search(said):
        return connected
    if done.exit_code == 4 and not said.strip():
        return None
    return by_words(said)


def _explain_wget(argv: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in argv if word != "-q")


def _nc(target: Target, _proxied: bool) -> tuple[str, ...] | None:
    if target.protocol != "tcp":
        return None
    return ("nc", "-v", "-z", "-w", str(SECONDS), target.ip, str(target.port))


def _judge_nc(done: Done, _target: Target) -> Outcome | None:
    if done.exit_code == 0:
        return Outcome.OK
    if done.exit_code is None:
        return None
    return by_words(done.stderr + done.stdout)


def _explain_nc(argv: tuple[str, ...]) -> tuple[str, ...]:
    """BusyBox's smaller nc has neither -v nor -z: it connects, finds no input, and ends when the server closes."""
    return tuple(word for word in argv if word not in ("-v", "-z"))


_BASH = (
    'exec 3<>"/dev/tcp/$0/$1" || exit 7; [ -n "$2" ] || exit 0; '
    'printf "GET %s HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n" "$2" "$0" >&3; '
    f"IFS= read -r -t {SECONDS} line <&3 || exit 29; "
    'printf "%s\\n" "$line"; case "$line" in HTTP/*" "[45]*) exit 22;; esac'
)


def _bash(target: Target, _proxied: bool) -> tuple[str, ...] | None:
    return ("bash", "-c", _BASH, target.ip, str(target.port), target.path or "") if target.protocol == "tcp" else None


_PYTHON = """import socket,sys
a,p,q=sys.argv[1:4]
def end(code,text):
    sys.stderr.write(str(text)+"\\n"); sys.exit(code)
s=socket.socket(); s.settimeout(3)
try: s.connect((a,int(p)))
except socket.timeout: end(28,"connect: timed out")
except Exception as e: end(7,e)
if not q: sys.exit(0)
try:
    s.sendall(("GET %s HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n"%(q,a)).encode()); d=s.recv(4096).decode("latin-1")
except socket.timeout: end(29,"connected, but no answer within 3 s")
except Exception as e: end(56,e)
if not d: end(52,"connected, but closed without an answer")
sys.stdout.write(d)
f=d.split(" ")
sys.exit(22 if len(f)>1 and f[1][:1] in "45" else 0)
"""


def _python(name: str) -> Callable[[Target, bool], tuple[str, ...] | None]:
    def argv(target: Target, _proxied: bool) -> tuple[str, ...] | None:
        if target.protocol != "tcp":
            return None
        return (name, "-c", _PYTHON, target.ip, str(target.port), target.path or "")

    return argv


_PERL = """use IO::Socket::INET;my($a,$p,$q)=@ARGV;$SIG{ALRM}=sub{print STDERR "connect: timed out\\n";exit 28};alarm 3;
my $s=IO::Socket::INET->new(PeerAddr=>$a,PeerPort=>$p,Proto=>"tcp") or do{print STDERR "connect: $!\\n";exit 7};
exit 0 unless length $q;$SIG{ALRM}=sub{print STDERR "connected, but no answer within 3 s\\n";exit 29};alarm 3;
print $s "GET $q HTTP/1.0\\r\\nHost: $a\\r\\n\\r\\n";my $l=<$s>;exit 52 unless defined $l;print $l;
exit 22 if $l=~m{^HTTP/\\S+ [45]};exit 0;"""


def _perl(target: Target, _proxied: bool) -> tuple[str, ...] | None:
    if target.protocol != "tcp":
        return None
    return ("perl", "-e", _PERL, target.ip, str(target.port), target.path or "")


def _judge_script(done: Done, _target: Target) -> Outcome | None:
    codes: Mapping[int | None, Outcome] = {
        0: Outcome.OK,
        22: Outcome.APP_ERROR,
        28: Outcome.TIMEOUT,
        29: Outcome.STALLED,
        52: Outcome.APP_ERROR,
        56: Outcome.APP_ERROR,
    }
    if done.exit_code in codes:
        return codes[done.exit_code]
    return by_words(done.stderr + done.stdout) if done.exit_code is not None else None


def _judge_bash(done: Done, target: Target) -> Outcome | None:
    """Opening /dev/tcp has no time limit of its own."""
    return Outcome.TIMEOUT if done.cut == "deadline" else _judge_script(done, target)


def _ping(target: Target, _proxied: bool) -> tuple[str, ...] | None:
    return ("ping", "-c", "1", "-W", str(SECONDS), target.ip) if target.protocol == "icmp" else None


def _judge_ping(done: Done, _target: Target) -> Outcome | None:
    said = done.stdout + done.stderr
    if done.exit_code == 0:
        return Outcome.OK
    if done.exit_code is None or ("permi" in said.lower() and "prohibited" not in said.lower()):
        return None
    if _UNREACHABLE.search(said):
        return Outcome.UNREACHABLE
    if _DNS.search(said):
        return Outcome.DNS
    return Outcome.TIMEOUT


TOOLS = (
    Tool("curl", _curl, _judge_curl, explain=_explain_curl),
    Tool("wget", _wget, _judge_wget, explain=_explain_wget),
    Tool("nc", _nc, _judge_nc, explain=_explain_nc),
    Tool("bash", _bash, _judge_bash, seconds=SECONDS + 2.0),
    Tool("python3", _python("python3"), _judge_script),
    Tool("python", _python("python"), _judge_script),
    Tool("perl", _perl, _judge_script),
    Tool("ping", _ping, _judge_ping),
)


def url(target: Target) -> str:
    """The target as a URL for curl and wget."""
    port = "" if target.port in (80, None) else f":{target.port}"
    return f"http://{target.ip}{port}{target.path or '/'}"


def proxied(container: Mapping[str, object]) -> bool:
    """Whether a container's environment may send its HTTP through a proxy."""
    if container.get("envFrom"):
        return True
    variables = container.get("env")
    names = (
        [str(one.get("name", "")) for one in variables if isinstance(one, dict)] if isinstance(variables, list) else []
    )
    return any(name.lower() in ("http_proxy", "all_proxy") for name in names)
