"""Ranges: what is taken out is out, all else stays, and the agent's limit holds."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.ranges import INTERNAL, RFC1918
from rules.remedies.carve import carve, changed, keeping, minus

N = IPv4Network


@st.composite
def networks(draw: st.DrawFn) -> IPv4Network:
    length = draw(st.integers(4, 30))
    return IPv4Network((draw(st.integers(0, 2**32 - 1)) >> (32 - length) << (32 - length), length))


@pytest.mark.parametrize(("hole", "count"), [("10.2.0.0/16", 8), ("10.2.0.0/24", 16), ("10.2.0.1/32", 24)])
def test_pieces_of_ten_slash_eight(hole: str, count: int) -> None:
    """The counts that ipaddress.address_exclude gives, on which the choice of this fix rests."""
    assert len(minus([N("10.0.0.0/8")], N(hole))) == count


def test_entries_beside_the_hole_stay_where_they_are() -> None:
    left = minus(RFC1918, N("10.2.0.0/16"))
    assert left[-2:] == RFC1918[1:]
    assert all(not N("10.2.0.0/16").overlaps(entry) for entry in left)


def test_a_pod_range_inside_the_hole_stays_kept() -> None:
    cut = carve(RFC1918, N("172.16.0.0/12"), [N("172.16.0.0/16")], limit=64)
    assert N("172.16.0.0/16") in cut.ranges
    assert cut.fits


@given(st.lists(networks(), max_size=8), networks(), st.lists(st.integers(0, 2**32 - 1), max_size=20))
def test_minus_takes_the_hole_and_nothing_else(
    ranges: list[IPv4Network], hole: IPv4Network, numbers: list[int]
) -> None:
    left = minus(ranges, hole)
    edges = [int(entry.network_address) for entry in (*ranges, hole)]
    edges += [int(entry.broadcast_address) for entry in (*ranges, hole)]
    for number in (*numbers, *edges):
        address = IPv4Address(number)
        wanted = any(address in entry for entry in ranges) and address not in hole
        assert any(address in entry for entry in left) == wanted


@given(st.lists(networks(), max_size=6), st.lists(networks(), max_size=6), st.lists(st.integers(0, 2**32 - 1)))
def test_changed_is_the_difference(before: list[IPv4Network], after: list[IPv4Network], numbers: list[int]) -> None:
    gone = changed(before, after)
    for number in (*numbers, *(int(entry.network_address) for entry in (*before, *after))):
        address = IPv4Address(number)
        wanted = any(address in entry for entry in before) and not any(address in entry for entry in after)
        assert any(address in entry for entry in gone) == wanted


def test_too_many_ranges_widen_the_hole_until_they_fit() -> None:
    cut = carve(INTERNAL, N("10.2.0.1/32"), [N("10.4.0.0/14")], limit=16)
    assert cut.fits
    assert len(cut.ranges) <= 16
    assert N("10.2.0.1/32").subnet_of(cut.hole)
    assert N("10.2.0.1/32") != cut.hole
    assert any(N("10.4.0.0/14").subnet_of(entry) for entry in cut.ranges)


def test_a_limit_that_cannot_hold_is_said() -> None:
    cut = carve(
        [N("10.0.0.0/8")], N("10.2.0.0/16"), [N(f"172.16.{number}.0/24") for number in range(0, 20, 2)], limit=5
    )
    assert not cut.fits


def test_keeping_adds_only_what_is_missing() -> None:
    assert keeping([N("172.16.0.0/12")], [N("172.16.0.0/16"), N("100.64.0.0/16")]) == (
        N("172.16.0.0/12"),
        N("100.64.0.0/16"),
    )
