"""The lab's Compute Engine: Google's REST objects and a server that speaks Compute v1."""
