"""Google's refusals on account of the caller's own project: the cause and the command, not a permission to ask for.

The sentences are those of Google's APIs, as lab/faults plays them and as people quote them.
"""

from __future__ import annotations

import pytest

from lab.faults import consumer as played
from rules import consumer, grants
from rules.snapshot import Gap

CASES = {
    "403-quota-project": ("names no quota project", "gcloud auth application-default set-quota-project PROJECT", ""),
    "403-user-project": (
        "may not use its quota project quota-project",
        "gcloud projects add-iam-policy-binding quota-project --member=user:EMAIL "
        "--role=roles/serviceusage.serviceUsageConsumer",
        "resourcemanager.projects.setIamPolicy",
    ),
    "403-api-disabled": (
        "the API compute.googleapis.com is not enabled in the project 123456789012",
        "gcloud services enable compute.googleapis.com --project 123456789012",
        "serviceusage.services.enable",
    ),
    "403-scope": ("scope cloud-platform", "gcloud auth application-default login", ""),
}


@pytest.mark.parametrize("name", played.NAMES)
def test_each_has_its_cause_and_its_command(name: str) -> None:
    cause, command, permission = CASES[name]
    message = played.body(name, "compute.networks.get")["error"]["message"]
    found = consumer.refusal(message)
    assert found is not None
    assert cause in found.cause
    assert (found.command, found.permission) == (command, permission)
    gap = Gap("compute.networks.get", "project-a/vpc-a", "forbidden", permission, message)
    assert grants.for_gap(gap) == command


@pytest.mark.parametrize("reason", ["SERVICE_DISABLED", "USER_PROJECT_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"])
def test_the_reason_alone_is_enough(reason: str) -> None:
    assert consumer.refusal(f"words of a later year ({reason})") is not None


@pytest.mark.parametrize(
    "said",
    [
        "",
        "Required 'compute.networks.get' permission for 'projects/project-a/global/networks/vpc-a'",
        "The caller does not have permission",
        "Quota exceeded for quota metric 'Read requests'",
    ],
)
def test_a_missing_permission_is_none_of_these(said: str) -> None:
    assert consumer.refusal(said) is None


def test_a_name_in_a_refusal_reaches_no_shell() -> None:
    found = consumer.refusal("Compute Engine API has not been used in project $(reboot) before or it is disabled.")
    assert found is not None
    assert "--project '$(reboot)'" in found.command
