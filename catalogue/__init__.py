"""Holds the catalogue of causes against the lab's scenarios: each alone, in pairs, and on what is healthy.

The truth is each scenario's `answer`, which the lab never serves; what is judged is a Snapshot, as always.
"""
