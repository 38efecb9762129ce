"""Practising: what the right answers are, what a learner did, and the marks for it. No screen, no server."""
