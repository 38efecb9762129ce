"""Faults that the lab's servers make on request: what real servers, proxies and wires do to a client at 3 a.m.

A `Board` holds what was asked for; `wayhome lab fault` writes on it through the lab's desk. Each server names its calls
as gaps do (`compute.networks.listPeeringRoutes`, `kubernetes.nodes.list`, `kubernetes.pods.exec`).
"""

from lab.faults.board import Board, Fault, FaultError
from lab.faults.execution import faulty
from lab.faults.middleware import middleware

__all__ = ["Board", "Fault", "FaultError", "faulty", "middleware"]
