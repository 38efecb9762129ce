"""The kernel judges the model: random worlds, carried by namespaces and predicted by rules.walk."""
