"""The Report as data (model), and as text, Markdown and JSON."""
