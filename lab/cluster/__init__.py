"""The lab's clouds around a real Kubernetes: real pods, real exec, real RBAC, on the kernel fabric's wires.

    python -m lab.cluster --up SCRIPT [--scenario NAME] [--speed N]

The script starts a cluster whose nodes live in the fabric's namespaces; one called `down` beside it ends it.
"""
