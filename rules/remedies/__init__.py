"""The remedies: one file each, a function from world to world. A preview is the judgement of the changed world."""

from __future__ import annotations

from functools import cache

from rules.remedies import (
    deploy_agent,
    egress_nat_policy,
    exchange_routes,
    export_routes,
    import_routes,
    masquerade_article,
    masquerade_minimal,
    mend_config,
    peer_firewall,
    proxy_vm,
    public_path,
    shared_vpc,
    vpc_native,
)
from rules.remedies.remedy import Draft, Remedy

__all__ = ["Draft", "Remedy", "load"]


@cache
def load() -> tuple[Remedy, ...]:
    """Every remedy, the one that touches least first."""
    return (
        mend_config.REMEDY,
        egress_nat_policy.REMEDY,
        masquerade_minimal.REMEDY,
        exchange_routes.REMEDY,
        export_routes.REMEDY,
        import_routes.REMEDY,
        masquerade_article.REMEDY,
        deploy_agent.REMEDY,
        peer_firewall.REMEDY,
        proxy_vm.REMEDY,
        vpc_native.REMEDY,
        shared_vpc.REMEDY,
        public_path.REMEDY,
    )
