"""What can go wrong on the way to the evidence, each with one sentence that says what to do.

    ProbeError
    ├── UsageError          exit 2: something named does not exist or cannot be meant
    │   ├── PodNotFoundError
    │   ├── ContextError        the kubeconfig, or the context in it, is not usable
    │   └── TargetError         the target is not one that a peering leads to
    ├── NoAccessError       exit 3: nobody lets us in
    │   ├── NoClusterError      no kubeconfig anywhere
    │   ├── LoginError          no login, or an expired one
    │   ├── ForbiddenError      known, but not allowed
    │   └── UnreachableError    nothing answers, or what answers is not trusted
    ├── NotOursError        exit 1: the change is somebody else's to make, or nobody's as things are
    ├── ChangeError         exit 3: a change was refused, or somebody else was faster
    └── CancelledError      exit 130: the person asked to stop

`CallError` is the failure of one API call. It becomes a Gap; only `Session.connect` and the write path turn it
into one of the above.
"""

from __future__ import annotations

from rules import consumer
from rules.snapshot import Gap


class ProbeError(Exception):
    """The work cannot go on; `sentence` says why and what to do, `exit_code` is the design's."""

    exit_code = 70

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class UsageError(ProbeError):
    """Something that was named does not exist or cannot be meant."""

    exit_code = 2


class PodNotFoundError(UsageError):
    """No pod has that name in that namespace."""


class ContextError(UsageError):
    """The kubeconfig, or the context named in it, cannot be used."""


class TargetError(UsageError):
    """The target is not one that a VPC peering leads to."""


class NoAccessError(ProbeError):
    """Nobody lets us in."""

    exit_code = 3


class NoClusterError(NoAccessError):
    """There is no kubeconfig."""


class LoginError(NoAccessError):
    """There is no login, or it has expired."""


class ForbiddenError(NoAccessError):
    """The login is good and may not do this."""


class UnreachableError(NoAccessError):
    """Nothing answers where the API should be, or what answers is not trusted."""


class ChangeError(ProbeError):
    """A change was refused; nothing was changed unless the sentence says so."""

    exit_code = 3


class NotOursError(ProbeError):
    """The change is somebody else's to make, or cannot be made as things are; nothing was changed."""

    exit_code = 1


class ChangedMeanwhileError(ChangeError):
    """The object is no longer the one that was shown: plan again."""


class CancelledError(ProbeError):
    """The person asked to stop."""

    exit_code = 130


class CallError(Exception):
    """One API call failed.

    `why` is the Gap's one word (forbidden, not-found, timeout, unreachable, login, error), `status` the HTTP status
    or 0, `detail` the server's own words, `kind` says more about an unreachable server (refused, dns, tls, reset),
    `permission` what the server says is missing, `retry_after` its Retry-After in seconds or None.
    """

    def __init__(
        self,
        why: str,
        detail: str,
        *,
        status: int = 0,
        kind: str = "",
        permission: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{why}: {detail}")
        self.why = why
        self.detail = detail
        self.status = status
        self.kind = kind
        self.permission = permission
        self.retry_after = retry_after

    def gap(self, read: str, of: str, permission: str = "") -> Gap:
        """This failure as the Gap of `read` on the object `of`."""
        missing = permission
        if self.why == "forbidden":
            charged = consumer.refusal(self.detail)
            missing = charged.permission if charged is not None else self.permission or permission
        return Gap(read=read, of=of, why=self.why, permission=missing, detail=self.detail[:2000])


def from_status(status: int, detail: str, retry_after: float | None = None) -> CallError:
    """The CallError for an HTTP status that is not a success."""
    why = {401: "login", 403: "forbidden", 404: "not-found", 408: "timeout", 504: "timeout"}.get(status, "error")
    return CallError(why, detail or f"HTTP {status}", status=status, retry_after=retry_after)
