"""The lab's desk: what the commands ask of a running lab."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from aiohttp.test_utils import TestClient, TestServer

from lab import desk
from lab.build import populate
from lab.fabric.simulated import Simulated
from lab.faults import Board
from lab.kube.access import User
from lab.rights import SETS, USER, Switch
from lab.scenario import load
from lab.stage import Stage
from lab.store import Store

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TOKEN = "good"


class Lab:
    """A desk with what it rests on."""

    def __init__(self) -> None:
        self.store, self.tokens = Store(), dict[str, User]()
        populate(self.store, load("article"), NOW)
        self.stage = Stage(self.store, load("article"), NOW, 1000.0)
        rights = Switch(self.store, "project-a", self.tokens, TOKEN)
        app = desk.app(Simulated(self.store), self.stage, Board(), rights)
        self.client = TestClient(TestServer(app))

    def closed(self, project: str) -> bool:
        """Whether nothing of a project may be read."""
        return "*" in dict(self.store.table(f"compute/{project}/forbidden").items())


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    made = Lab()
    await made.client.start_server()
    yield made
    await made.client.close()
    await made.stage.stop()


@pytest.mark.parametrize("name", sorted(SETS))
async def test_another_world_keeps_the_rights(lab: Lab, name: str) -> None:
    assert (await lab.client.put("/rights", json={"name": name})).status == 200
    for scenario in ("rc57-peering-inactive", "article", None):
        assert (await lab.client.post("/world", json={"scenario": scenario})).status == 200
        assert (await (await lab.client.get("/rights")).json()) == {"name": name}
        assert lab.tokens[TOKEN].rules == SETS[name].rules
        assert (lab.tokens[TOKEN].name == USER) == (name != "everything")
        assert lab.closed("project-a") == (not SETS[name].own)
        assert lab.closed("project-b") == (not SETS[name].others)


async def test_a_world_that_does_not_exist_changes_nothing(lab: Lab) -> None:
    await lab.client.put("/rights", json={"name": "own-project"})
    assert (await lab.client.post("/world", json={"scenario": "nonsense"})).status == 400
    assert lab.closed("project-b")
    assert (await lab.client.put("/rights", json={"name": "omnipotence"})).status == 404
