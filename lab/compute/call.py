"""One request to the API, taken apart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from lab.compute.backend import Backend
from lab.compute.links import project_link
from lab.store import Object


@dataclass(frozen=True)
class Call:
    """A request: the method's `id` (`networks.get`), its path's and query's parameters, and the body."""

    id: str
    path: Mapping[str, str]
    query: dict[str, str] = field(default_factory=dict)
    body: Object | None = None

    @property
    def project(self) -> str:
        return self.path["project"]

    @property
    def request_id(self) -> str:
        return self.query.get("requestId", "")

    def link(self, path: str) -> str:
        """The URL of a path below the call's project."""
        return project_link(self.project, path)


Handler = Callable[[Backend, Call], Object | Awaitable[Object | None] | None]


@dataclass(frozen=True)
class Method:
    """A method of the API: its `id` without `compute.`, HTTP verb, path template below `compute/v1/`, and what does it.

    `permission` is the IAM permission, where it is not `compute.` and the id.
    """

    id: str
    verb: str
    template: str
    handler: Handler
    permission: str = ""
