"""Kills wayhome at every step of apply and of rollback, on both fabrics, and holds what the next start makes of it."""
