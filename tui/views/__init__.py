"""The six views of one case: steps, verdict, path, routes, fixes, evidence."""
