"""Policy-based routes as the lab serves them: to the program's own reading and to gcloud's path."""

from __future__ import annotations

import pytest

from lab import connectivity
from lab.build import populate
from lab.compute.errors import ApiError
from lab.container import ContainerServer
from lab.scenario import load
from lab.store import Store
from rules.build.routes import policy_routes
from rules.snapshot import Vpc

PATH = "projects/project-a/locations/global/policyBasedRoutes"


def server(scenario: str) -> tuple[Store, ContainerServer]:
    store = Store()
    populate(store, load(scenario))
    return store, ContainerServer(store)


def test_a_policy_based_route_is_listed_and_understood() -> None:
    _store, served = server("rc51-policy-route-takes-pods")
    listed = served.answer("GET", PATH)["policyBasedRoutes"]
    (route,) = policy_routes(listed, Vpc("project-a", "vpc-a"))
    assert (str(route.source), str(route.dest), route.next_hop.name) == ("172.16.0.0/16", "10.2.0.0/16", "10.1.0.50")
    assert policy_routes(listed, Vpc("project-a", "vpc-b")) == ()


def test_a_world_without_any_has_an_empty_list() -> None:
    store, served = server("article")
    assert served.answer("GET", PATH) == {"policyBasedRoutes": []}
    assert connectivity.listed(store, "project-a") == []
    assert connectivity.table("project-a") not in store.names("networkconnectivity/")


def test_without_the_right_it_is_refused() -> None:
    store, served = server("article")
    store.table("compute/project-a/forbidden").create("networkconnectivity.policyBasedRoutes.list", {})
    with pytest.raises(ApiError) as caught:
        served.answer("GET", PATH)
    assert caught.value.status == 403
    with pytest.raises(ApiError):
        served.answer("GET", PATH.replace("project-a", "nowhere"))
