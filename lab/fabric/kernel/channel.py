"""Messages between the lab and its keeper: JSON objects over a SEQPACKET pair, with descriptors beside them.

A text too long for a packet travels as a memory file, the last of the descriptors.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Sequence
from typing import Any

PACKET = 65536
DESCRIPTORS = 4

Message = dict[str, Any]


def send(channel: socket.socket, message: Message, descriptors: Sequence[int] = (), text: str | None = None) -> None:
    """Send `message`; OSError when the other end has gone."""
    given = list(descriptors)
    if text is not None:
        memory = os.memfd_create("text")
        given.append(memory)
        os.write(memory, text.encode())
        os.lseek(memory, 0, os.SEEK_SET)
    try:
        socket.send_fds(channel, [json.dumps(message).encode()], given)
    finally:
        if text is not None:
            os.close(given[-1])


def receive(channel: socket.socket) -> tuple[Message, list[int]] | None:
    """The next message and its descriptors, None when the other end has gone; BlockingIOError when none is there."""
    try:
        data, descriptors, _, _ = socket.recv_fds(channel, PACKET, DESCRIPTORS)
    except BlockingIOError:
        raise
    except OSError:
        return None
    return (json.loads(data), descriptors) if data else None
