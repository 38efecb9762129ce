"""What people see: the Textual app, its headless twin, the command line."""
