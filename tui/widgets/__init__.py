"""Widgets that draw lines themselves, and small shared ones."""
