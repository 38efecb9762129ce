"""What the lab's user may do: sets of rights by name, switched while the lab runs.

On the Kubernetes side a set is RBAC's rules; on the Google side it says in which projects nothing may be read. Whoever
is refused gets the 403 that the real API words.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass

from lab.compute.derived import projects
from lab.kube.access import EVERYTHING, Rule, User
from lab.store import Store
from rules.words import _

ADMIN, USER = "lab-admin", "lab-user"
ALL = "everything"
_READ = ("get", "list", "watch")
_READING = (Rule(verbs=_READ),)


@dataclass(frozen=True)
class Rights:
    """A set of rights: Kubernetes `rules`, and which projects are closed (`own`, `others`)."""

    name: str
    title: Callable[[], str]
    rules: tuple[Rule, ...] = (EVERYTHING,)
    own: bool = True
    others: bool = True


SETS = {
    one.name: one
    for one in (
        Rights(ALL, lambda: _("everything, on both sides")),
        Rights(
            "list-pods",
            lambda: _("may list pods and nothing else in the cluster; reads both projects"),
            (Rule(verbs=("list",), groups=("",), resources=("pods",)),),
        ),
        Rights(
            "exec",
            lambda: _("reads everything and may run commands in pods, but creates and changes nothing"),
            (*_READING, Rule(verbs=("get", "create"), groups=("",), resources=("pods/exec",))),
        ),
        Rights("own-project", lambda: _("everything but the projects of the neighbours"), others=False),
        Rights("kubernetes", lambda: _("everything in the cluster, nothing at Google"), own=False, others=False),
        Rights("nothing", lambda: _("nothing anywhere"), (), own=False, others=False),
    )
}


class Switch:
    """Gives the lab's one login one of the sets. `tokens` is what the Kubernetes server asks."""

    def __init__(self, store: Store, project: str, tokens: MutableMapping[str, User], token: str) -> None:
        self._store = store
        self._project = project
        self._tokens = tokens
        self._token = token
        self.name = ALL
        self.put(ALL)

    def put(self, name: str) -> None:
        """From now on, rights are those of the set `name`. Raises KeyError."""
        rights = SETS[name]
        self._tokens[self._token] = User(ADMIN if name == ALL else USER, rights.rules)
        for project in projects(self._store):
            closed = not (rights.own if project == self._project else rights.others)
            where = f"compute/{project}/forbidden"
            if closed:
                self._store.table(where).put("*", {})
            elif where in self._store.names(where) and "*" in self._store.table(where):
                self._store.table(where).remove("*")
        self.name = name
