"""The faults by name: what each does, and which calls it fits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rules.words import _

EXEC = "kubernetes.pods.exec"


class Fits(StrEnum):
    """The calls that a fault can befall: all, those with a JSON answer, lists, Google's, or commands in pods."""

    ALL = "all"
    JSON = "json"
    LISTS = "lists"
    GOOGLE = "google"
    EXEC = "exec"


@dataclass(frozen=True)
class Kind:
    """A fault's name, the calls it fits, and one line that says what it does."""

    name: str
    fits: Fits
    does: str

    def befalls(self, call: str) -> bool:
        """Whether `call` can have this fault."""
        if call == EXEC:
            return self.fits in (Fits.ALL, Fits.EXEC)
        if self.fits is Fits.GOOGLE:
            return not call.startswith("kubernetes.")
        if self.fits is Fits.LISTS:
            return call.rpartition(".")[2] in ("list", "aggregatedList", "listPeeringRoutes")
        return self.fits is not Fits.EXEC


def kinds() -> dict[str, Kind]:
    """Every fault by its name, in the order of the list."""
    every = (
        Kind("401", Fits.ALL, _("the login is not accepted")),
        Kind("403", Fits.ALL, _("the caller may not do it")),
        Kind("403-quota-project", Fits.GOOGLE, _("the login names no quota project")),
        Kind("403-user-project", Fits.GOOGLE, _("the login may not use its quota project")),
        Kind("403-api-disabled", Fits.GOOGLE, _("the API is not enabled in the project")),
        Kind("403-scope", Fits.GOOGLE, _("the login was given without the scope that the API needs")),
        Kind("404", Fits.ALL, _("what is asked for is not there")),
        Kind("409", Fits.ALL, _("somebody else is changing it just now")),
        Kind("429", Fits.ALL, _("too many requests; Retry-After: 1")),
        Kind("429-later", Fits.ALL, _("too many requests; Retry-After: 3600")),
        Kind("500", Fits.ALL, _("an internal error")),
        Kind("503", Fits.ALL, _("the server is overloaded, and does not say for how long")),
        Kind("reset", Fits.ALL, _("the connection is reset before an answer")),
        Kind("hang", Fits.ALL, _("no answer, and the connection stays open")),
        Kind("redirect", Fits.ALL, _("a redirect to a page where people sign in")),
        Kind("empty", Fits.ALL, _("status 200 and an empty body")),
        Kind("html", Fits.ALL, _("status 200 and a page of HTML, as a captive portal answers")),
        Kind("cut", Fits.JSON, _("JSON that ends in the middle")),
        Kind("short", Fits.JSON, _("the connection ends in the middle of the body")),
        Kind("drip", Fits.JSON, _("the body comes byte by byte and never ends")),
        Kind("type", Fits.JSON, _("fields have another type than the API says")),
        Kind("type-deep", Fits.JSON, _("fields inside of fields have another type than the API says")),
        Kind("enum", Fits.JSON, _("words of enumerations that nobody knows yet")),
        Kind("pages", Fits.LISTS, _("10,000 pages, each with a token for the next")),
        Kind("page-loop", Fits.LISTS, _("every page has the same token for the next")),
        Kind("exec-close", Fits.EXEC, _("the connection closes half-way through the output")),
        Kind("exec-flood", Fits.EXEC, _("the command prints 50 MB")),
        Kind("exec-escapes", Fits.EXEC, _("the output is full of terminal escapes")),
        Kind("exec-endless", Fits.EXEC, _("the command prints a line now and then and never ends")),
        Kind("exec-silent", Fits.EXEC, _("the command says nothing and never ends")),
    )
    return {kind.name: kind for kind in every}
