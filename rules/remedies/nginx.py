"""The configuration of a proxy that passes connections on as they are: nginx with its stream module."""

from __future__ import annotations

from rules.snapshot import Target


def configuration(target: Target, port: int) -> str:
    """A whole nginx.conf. `port` is where the proxy listens; the path of the module is that of Debian's package."""
    udp = " udp" if target.protocol == "udp" else ""
    return "\n".join(
        (
            "# Passes every connection to one address on, as it is. Debian: apt-get install nginx libnginx-mod-stream",
            "load_module modules/ngx_stream_module.so;",
            "worker_processes auto;",
            "events {",
            "    worker_connections 4096;",
            "}",
            "stream {",
            "    server {",
            f"        listen {port}{udp};",
            f"        proxy_pass {target.ip}:{port};",
            "        proxy_connect_timeout 5s;",
            "    }",
            "}",
            "",
        )
    )
