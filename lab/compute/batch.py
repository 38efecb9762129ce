"""Batches: many requests in one `multipart/mixed` body, each part an HTTP request, as gcloud sends them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus

from lab.compute.errors import bad_request

LIMIT = 1000
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """One request of a batch: the part's Content-ID, verb, target (path and query) and body."""

    id: str
    verb: str
    target: str
    body: bytes


def split(content_type: str, body: bytes) -> list[Part]:
    """The requests of a batch; ApiError 400 when it is not one."""
    found = _BOUNDARY.search(content_type)
    if "multipart/mixed" not in content_type.lower() or found is None:
        raise bad_request("Failed to parse batch request, error: missing multipart/mixed boundary.")
    pieces = re.split(rb"\r?\n?--" + re.escape(found[1].encode()) + rb"(?:--)?[ \t]*(?:\r?\n|$)", body)
    parts = [_part(piece) for piece in pieces if piece.strip()]
    if not parts:
        raise bad_request("Failed to parse batch request, error: 0 items.")
    if len(parts) > LIMIT:
        raise bad_request(f"The batch request has {len(parts)} calls, the limit is {LIMIT}.")
    return parts


def join(boundary: str, answers: list[tuple[str, int, str]]) -> bytes:
    """The body of a batch's answer from (Content-ID, status, JSON text)."""
    found = []
    for part_id, status, text in answers:
        payload = text.encode()
        phrase = HTTPStatus(status).phrase
        found.append(
            f"--{boundary}\r\nContent-Type: application/http\r\nContent-ID: {_answer_id(part_id)}\r\n\r\n"
            f"HTTP/1.1 {status} {phrase}\r\nContent-Type: application/json; charset=UTF-8\r\n"
            f"Content-Length: {len(payload)}\r\n\r\n".encode()
            + payload
            + b"\r\n"
        )
    return b"".join(found) + f"--{boundary}--\r\n".encode()


def _answer_id(id: str) -> str:
    return f"<response-{id[1:]}" if id.startswith("<") else f"response-{id}"


def _part(piece: bytes) -> Part:
    outer, _, inner = _cut(piece.lstrip(b"\r\n"))
    request, _, body = _cut(inner.lstrip(b"\r\n"))
    lines = request.decode("latin-1").splitlines()
    words = lines[0].split() if lines else []
    if len(words) < 2:
        raise bad_request("Failed to parse batch request, error: a part is not an HTTP request.")
    found = re.search(r"^content-id:\s*(.+?)\s*$", outer.decode("latin-1"), re.IGNORECASE | re.MULTILINE)
    return Part(found[1] if found else "", words[0].upper(), words[1], body.strip(b"\r\n"))


def _cut(text: bytes) -> tuple[bytes, bytes, bytes]:
    found = re.search(rb"\r?\n\r?\n", text)
    return (text, b"", b"") if found is None else (text[: found.start()], found[0], text[found.end() :])
