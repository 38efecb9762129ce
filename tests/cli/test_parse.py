"""What a person may type for a pod and a target, and what is said to the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes import parse
from rules.snapshot import PodRef, Target


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("my-pod", PodRef("default", "my-pod")),
        ("web/my-pod", PodRef("web", "my-pod")),
        ("pod/my-pod", PodRef("default", "my-pod")),
        (" web/a.b-c ", PodRef("web", "a.b-c")),
    ],
)
def test_pods_that_are_understood(text: str, ref: PodRef) -> None:
    assert parse.pod(text) == ref


@pytest.mark.parametrize("text", ["", "/", "a/b/c", "My-Pod", "-a", "a b", "ns/", "a.b/c", "x" * 254, "[/red]"])
def test_pods_that_are_not(text: str) -> None:
    with pytest.raises(parse.ParseError) as caught:
        parse.pod(text)
    assert caught.value.sentence.endswith(".")


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("10.2.0.10", Target("10.2.0.10", 80)),
        ("10.2.0.10:5432", Target("10.2.0.10", 5432)),
        ("http://10.2.0.10/health", Target("10.2.0.10", 80, path="/health")),
        ("http://10.2.0.10:8080", Target("10.2.0.10", 8080, path="/")),
        ("http://10.2.0.10:8080/a?b=c#d", Target("10.2.0.10", 8080, path="/a?b=c")),
        ("https://10.2.0.10/x", Target("10.2.0.10", 443)),
    ],
)
def test_targets_that_are_understood(text: str, target: Target) -> None:
    assert parse.target(text) == target


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not an IPv4 address"),
        ("10.2.0", "not an IPv4 address"),
        ("10.2.0.256", "not an IPv4 address"),
        ("010.2.0.1", "not an IPv4 address"),
        ("10.2.0.0/24", "not one address"),
        ("10.2.0.10:", "ends in ':'"),
        ("10.2.0.10:0", "not a port"),
        ("10.2.0.10:65536", "not a port"),
        ("10.2.0.10:http", "not a port"),
        ("fd00::1", "IPv6"),
        ("[fd00::1]", "IPv6"),
        ("[fd00::1]:80", "IPv6"),
        ("[10.2.0.10]:x", "not a port"),
        ("http://[fd00::1]/", "IPv6"),
        ("example.internal", "is a name"),
        ("http://example.internal/", "is a name"),
        ("ftp://10.2.0.10/", "not known"),
        ("http://u:p@10.2.0.10/", "login"),
        ("http://10.2.0.10/a b", "spaces"),
        ("http://10.2.0.10:99999/", "not a URL"),
        ("http://10.2.0.10:0/", "not a port"),
        ("127.0.0.1", "127.0.0.0/8"),
        ("0.0.0.0", "0.0.0.0"),
        ("169.254.169.254", "169.254.0.0/16"),
        ("224.0.0.1", "224.0.0.0/4"),
        ("255.255.255.255", "255.255.255.255"),
    ],
)
def test_targets_that_are_not(text: str, says: str) -> None:
    with pytest.raises(parse.ParseError) as caught:
        parse.target(text)
    assert says in caught.value.sentence


@given(st.text(max_size=60))
def test_any_text_is_a_target_or_one_sentence(text: str) -> None:
    try:
        said = str(parse.target(text))
    except parse.ParseError as error:
        said = error.sentence
    assert said.endswith(".") or parse.target(said) == parse.target(text)


@given(st.ip_addresses(v=4), st.integers(1, 65535))
def test_what_is_printed_is_read_again(ip: object, port: int) -> None:
    try:
        parse.address(str(ip))
    except parse.ParseError:
        return
    assert parse.target(str(Target(str(ip), port))) == Target(str(ip), port)
