"""curl 7.88: its options as far as they matter to a connection, its words and its exit codes."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from urllib.parse import unquote

from lab.shell import meter
from lab.shell.context import CONNECT_SECONDS, Context
from lab.shell.files import FileFault, opened
from lab.shell.host import Outcome, Server
from lab.shell.http import Answer, answer, stalls
from lab.shell.options import UsageFault, options
from lab.shell.printf import escaped

AGENT = "curl/7.88.1"
VERSION = (
    "curl 7.88.1 (x86_64-alpine-linux-musl) libcurl/7.88.1 OpenSSL/3.0.8 zlib/1.2.13 brotli/1.0.9 nghttp2/1.51.0\n"
    "Release-Date: 2023-02-20\nProtocols: dict file ftp ftps gopher gophers http https imap imaps mqtt pop3 pop3s rtsp "
    "smb smbs smtp smtps telnet tftp ws wss \n"
)
MAX_REDIRECTS = 50
_PLAIN = "0146afgGiIjkLnNOpRsSvVZ#"
_VALUED = "AbcCdeDEFhHKmoPQrtTuUwxXyYz"
_LONG = {
    "anyauth": "-", "basic": "-", "compressed": "-", "connect-timeout": "connect=", "cookie": "b", "data": "d",
    "data-binary": "d", "data-raw": "d", "dump-header": "D", "fail": "f", "fail-with-body": "fail-with-body",
    "get": "G", "globoff": "g", "head": "I", "header": "H", "help": "help", "http1.0": "0", "http1.1": "-",
    "http2": "-", "include": "i", "insecure": "k", "interface": "interface=", "ipv4": "4", "ipv6": "6", "json": "json=",
    "keepalive-time": "keepalive=", "local-port": "local-port=", "location": "L", "manual": "help",
    "max-redirs": "redirs=", "max-time": "m", "no-buffer": "N", "no-keepalive": "-",
    "no-progress-meter": "nometer", "noproxy": "noproxy=",
    "output": "o", "parallel": "Z", "progress-bar": "#", "proxy": "x", "range": "r", "referer": "e", "request": "X",
    "resolve": "resolve=", "retry": "retry=", "retry-all-errors": "retry-all", "retry-connrefused": "retry-refused",
    "retry-delay": "retry-delay=", "retry-max-time": "retry-max=", "show-error": "S", "silent": "s", "url": "url=",
    "user": "u", "user-agent": "A", "verbose": "v", "version": "V", "write-out": "w",
}  # fmt: skip


class Fault(Exception):  # noqa: N818 - curl's own errors
    """curl ends with `code` and `text`."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass
class Settings:
    """What the command line asks for. Times are in seconds; None: curl's own."""

    urls: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    max_time: float | None = None
    connect_time: float | None = None
    outputs: list[str] = field(default_factory=list)
    write_out: str = ""
    method: str = ""
    headers: list[str] = field(default_factory=list)
    agent: str = AGENT
    body: list[str] = field(default_factory=list)
    proxy: str = ""
    resolve: dict[str, str] = field(default_factory=dict)
    retries: int = 0
    retry_delay: float | None = None


@dataclass
class Result:
    """What --write-out can tell about one transfer."""

    url: str
    code: int = 0
    size: int = 0
    address: str = ""
    port: int = 0
    local: str = ""
    connected: float = 0.0
    total: float = 0.0
    exit_code: int = 0
    error: str = ""
    redirects: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Url:
    """A URL taken apart."""

    scheme: str
    host: str
    port: int
    path: str


async def curl(context: Context) -> int:
    """curl [options] URL…"""
    try:
        settings = _settings(context.args)
    except UsageFault as fault:
        await context.err(
            f"curl: {_usage(str(fault))}\ncurl: try 'curl --help' or 'curl --manual' for more information\n"
        )
        return 2
    if "V" in settings.flags:
        await context.out(VERSION)
        return 0
    if "help" in settings.flags:
        await context.out("Usage: curl [options...] <url>\n")
        return 0
    if not settings.urls:
        await context.err("curl: no URL specified!\ncurl: try 'curl --help' or 'curl --manual' for more information\n")
        return 2
    code = 0
    for index, url in enumerate(settings.urls):
        output = settings.outputs[index] if index < len(settings.outputs) else ""
        if "O" in settings.flags:
            output = output or url.split("?")[0].rsplit("/", 1)[-1]
        code = await _Transfer(context, settings, url, output).run()
    return code


def _usage(text: str) -> str:
    option, _, rest = text.partition(" ")
    if text.startswith("option "):
        return text
    return f"option {option}: requires parameter" if rest else f"option {option}: is unknown"


def _settings(words: list[str]) -> Settings:
    found, urls = options(words, _PLAIN, _VALUED, long=_LONG)
    settings = Settings(urls=urls)
    for name, value in found:
        if name == "m":
            settings.max_time = _seconds("--max-time", value)
        elif name == "connect":
            settings.connect_time = _seconds("--connect-timeout", value)
        elif name == "o":
            settings.outputs.append(value)
        elif name == "w":
            settings.write_out = value
        elif name == "X":
            settings.method = value
        elif name == "H":
            settings.headers.append(value)
        elif name == "A":
            settings.agent = value
        elif name in ("d", "json"):
            settings.body.append(value)
        elif name == "x":
            settings.proxy = value
        elif name == "url":
            settings.urls.append(value)
        elif name == "resolve":
            host, port, address = (*value.split(":", 2), "", "")[:3]
            settings.resolve[f"{host}:{port}"] = address
        elif name == "retry":
            settings.retries = min(int(_seconds("--retry", value)), 100)
        elif name == "retry-delay":
            settings.retry_delay = _seconds("--retry-delay", value)
        else:
            settings.flags.add(name)
    return settings


def _seconds(option: str, text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]*)?|\.[0-9]+", text):
        raise UsageFault(f"option {option}: expected a proper numerical parameter")
    return float(text)


class _Transfer:
    """One URL."""

    def __init__(self, context: Context, settings: Settings, url: str, output: str) -> None:
        self.context = context
        self.settings = settings
        self.output = output
        self.result = Result(url)
        self.started = time.monotonic()
        self.quiet = bool(settings.flags & {"s", "nometer", "#"}) or (context.terminal is not None and not output)
        self.verbose = "v" in settings.flags

    @property
    def spent(self) -> float:
        return time.monotonic() - self.started

    async def run(self) -> int:
        """Transfer it, again where --retry says so; the exit code."""
        tries, delay = 0, 1.0
        while True:
            fault = await self.once()
            transient = fault is not None and (
                fault.code in (28, 6)
                or "retry-all" in self.settings.flags
                or (fault.code == 7 and "retry-refused" in self.settings.flags)
            )
            if not transient or tries >= self.settings.retries:
                break
            tries += 1
            wait = delay if self.settings.retry_delay is None else self.settings.retry_delay
            left = self.settings.retries - tries + 1
            await self.warn(fault, wait, left)
            await asyncio.sleep(wait)
            delay = min(delay * 2, 600)
            self.started = time.monotonic()
            self.result = Result(self.result.url)
        if fault is not None and ("s" not in self.settings.flags or "S" in self.settings.flags):
            await self.context.err(f"curl: ({fault.code}) {fault.text}\n")
        if self.settings.write_out:
            await self.context.out(_written(self.settings.write_out, self.result))
        return 0 if fault is None else fault.code

    async def warn(self, fault: Fault | None, wait: float, left: int) -> None:
        if "s" not in self.settings.flags and fault is not None:
            why = (
                "timeout" if fault.code == 28 else "connection refused" if fault.code == 7 else "(retrying all errors)"
            )
            plural = "s" if wait != 1 else ""
            retries = "retries" if left != 1 else "retry"
            await self.context.err(
                f"Warning: Transient problem: {why} Will retry in {wait:g} second{plural}. {left} {retries} left.\n"
            )

    async def once(self) -> Fault | None:
        try:
            url = _url(self.result.url)
        except Fault as bad:
            return self.ended(bad)
        if not self.quiet:
            await self.context.err(meter.HEAD + meter.line())
        ticker = asyncio.create_task(self.tick()) if not self.quiet else None
        fault: Fault | None = None
        try:
            async with asyncio.timeout(self.settings.max_time or None):
                await self.fetch(url)
        except TimeoutError:
            fault = self.late()
            await self.note(fault.text)
        except Fault as found:
            fault = found
        finally:
            if ticker is not None:
                ticker.cancel()
        if not self.quiet:
            await self.context.err(meter.line(self.result.size, self.result.size, self.spent) + "\n")
        if self.result.address or self.verbose:
            await self.note("Closing connection 0")
        return self.ended(fault)

    def ended(self, fault: Fault | None) -> Fault | None:
        self.result.total = self.spent
        if fault is not None:
            self.result.exit_code, self.result.error = fault.code, fault.text
        return fault

    def late(self) -> Fault:
        spent = int(self.spent * 1000)
        if not self.result.connected:
            return Fault(28, f"Connection timed out after {spent} milliseconds")
        return Fault(28, f"Operation timed out after {spent} milliseconds with 0 bytes received")

    async def tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            await self.context.err(meter.line(0, 0, self.spent))

    async def note(self, text: str) -> None:
        if self.verbose:
            await self.context.err(f"* {text}\n")

    async def fetch(self, url: Url) -> None:
        for _hop in range(MAX_REDIRECTS):
            answered = await self.ask(url)
            self.result.code, self.result.headers = answered.status, answered.headers
            location = answered.headers.get("Location")
            if location is None or "L" not in self.settings.flags or answered.status // 100 != 3:
                break
            self.result.redirects += 1
            url = _url(location)
        if answered.status >= 400 and "f" in self.settings.flags:
            raise Fault(22, f"The requested URL returned error: {answered.status}")
        await self.deliver(answered)
        if answered.status >= 400 and "fail-with-body" in self.settings.flags:
            raise Fault(22, f"The requested URL returned error: {answered.status}")

    async def ask(self, url: Url) -> Answer:
        host, port = url.host, url.port
        if self.settings.proxy and "noproxy" not in self.settings.flags:
            proxy = _url(self.settings.proxy if "://" in self.settings.proxy else f"http://{self.settings.proxy}")
            host, port = proxy.host, proxy.port if ":" in self.settings.proxy.split("://")[-1] else 1080
        name = self.settings.resolve.get(f"{host}:{port}", host)
        address = self.context.host.resolve(name)
        if address is None:
            await self.note(f"Could not resolve host: {host}")
            raise Fault(6, f"Could not resolve host: {host}")
        await self.note(f"  Trying {address}:{port}...")
        server = await self.connect(host, address, port)
        self.result.address, self.result.port = str(address), port
        self.result.local, self.result.connected = str(self.context.host.machine.address), self.spent
        await self.note(f"Connected to {host} ({address}) port {port} (#0)")
        if url.scheme == "https":
            await self.tls(server.paths is None)
        method = self.settings.method or (
            "HEAD" if "I" in self.settings.flags else "POST" if self.settings.body else "GET"
        )
        default = port == (443 if url.scheme == "https" else 80)
        lines = [f"{method} {url.path} HTTP/1.1", f"Host: {url.host}{'' if default else f':{url.port}'}"]
        lines += [f"User-Agent: {self.settings.agent}", "Accept: */*", *self.settings.headers]
        if self.verbose:
            await self.context.err("".join(f"> {line}\n" for line in (*lines, "")))
        if server.paths is None:
            await asyncio.Event().wait()
        answered = answer(server, method, url.path)
        if stalls(server, sum(len(line) + 2 for line in (*lines, "", *self.settings.body)), answered):
            await asyncio.Event().wait()
        if self.verbose:
            await self.context.err("".join(f"< {line}\n" for line in answered.head().split("\r\n")[:-1]))
        return answered

    async def connect(self, host: str, address: IPv4Address, port: int) -> Server:
        limit = self.settings.connect_time
        begun = time.monotonic()
        reach = await self.context.host.reach(address, "tcp", port)
        if reach.outcome is Outcome.OK and reach.server is not None:
            return reach.server
        if reach.outcome is Outcome.TIMEOUT:
            wait = min(CONNECT_SECONDS, limit or CONNECT_SECONDS)
            await asyncio.sleep(max(0.0, wait - (time.monotonic() - begun)))
        spent = int((time.monotonic() - begun) * 1000)
        if reach.outcome is Outcome.TIMEOUT and limit:
            await self.note(f"Failed to connect to {host} port {port} after {spent} ms: Timeout was reached")
            raise Fault(28, f"Failed to connect to {host} port {port} after {spent} ms: Timeout was reached")
        reasons = {
            Outcome.REFUSED: "Connection refused",
            Outcome.UNREACHABLE: "Network is unreachable",
            Outcome.TIMEOUT: "Connection timed out",
        }
        await self.note(f"connect to {address} port {port} failed: {reasons[reach.outcome]}")
        text = f"Failed to connect to {host} port {port} after {spent} ms: Couldn't connect to server"
        await self.note(text)
        raise Fault(28 if reach.outcome is Outcome.TIMEOUT else 7, text)

    async def tls(self, silent: bool) -> None:
        if silent:
            await asyncio.Event().wait()
        text = "OpenSSL/3.0.8: error:0A00010B:SSL routines::wrong version number"
        await self.note(text)
        raise Fault(35, text)

    async def deliver(self, answered: Answer) -> None:
        data = answered.body
        if "i" in self.settings.flags or "I" in self.settings.flags:
            data = answered.head().encode() + data
        self.result.size = len(answered.body)
        if not self.output or self.output == "-":
            await self.context.out(data)
            return
        try:
            stream = opened(self.output, self.context, self.context.streams, writing=True)
        except FileFault as fault:
            await self.context.err(f"Warning: Failed to open the file {self.output}: {fault}\n")
            raise Fault(23, "Failure writing output to destination") from fault
        await stream.write(data)


def _url(text: str) -> Url:
    found = re.fullmatch(
        r"(?:([A-Za-z][A-Za-z0-9+.-]*)://)?(?:[^/@]*@)?(\[[^]]*\]|[^/:?#]*)(?::([0-9]*))?([/?#].*)?", text
    )
    if found is None or not found.group(2):
        raise Fault(3, "URL using bad/illegal format or missing URL")
    scheme = (found.group(1) or "http").lower()
    if scheme not in ("http", "https"):
        raise Fault(1, f'Protocol "{scheme}" not supported or disabled in libcurl')
    port = int(found.group(3)) if found.group(3) else (443 if scheme == "https" else 80)
    if port > 65535:
        raise Fault(3, "URL using bad/illegal format or missing URL")
    path = (found.group(4) or "/").split("#")[0] or "/"
    return Url(scheme, unquote(found.group(2)), port, path if path.startswith("/") else f"/{path}")


def _written(form: str, result: Result) -> str:
    values = {
        "http_code": f"{result.code:03d}",
        "response_code": f"{result.code:03d}",
        "time_total": f"{result.total:.6f}",
        "time_connect": f"{result.connected:.6f}",
        "time_namelookup": f"{min(result.connected, 0.00003):.6f}",
        "time_starttransfer": f"{result.total if result.code else 0:.6f}",
        "time_appconnect": "0.000000",
        "time_pretransfer": f"{result.connected:.6f}",
        "time_redirect": "0.000000",
        "size_download": str(result.size),
        "speed_download": str(int(result.size / result.total) if result.total else 0),
        "remote_ip": result.address,
        "remote_port": str(result.port),
        "local_ip": result.local,
        "local_port": "41234" if result.local else "0",
        "num_connects": "1" if result.address else "0",
        "num_redirects": str(result.redirects),
        "url": result.url,
        "url_effective": result.url if "://" in result.url else f"http://{result.url}/",
        "content_type": result.headers.get("Content-Type", ""),
        "exitcode": str(result.exit_code),
        "errormsg": result.error,
        "scheme": "HTTP",
        "method": "GET",
        "http_version": "1.1" if result.code else "0",
    }
    text = re.sub(r"%\{([a-z_]+)\}", lambda found: values.get(found.group(1), ""), form.replace("%%", "\0"))
    return escaped(text).replace("\0", "%")
