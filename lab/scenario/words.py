"""What the scenarios' files hold for people to read, for pybabel: `method = "lab.scenario.words:titles"`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import yaml


def titles(file: IO[bytes], *_given: Any, **_options: Any) -> Iterator[tuple[int, None, str, list[str]]]:
    """The title of a scenario, with its line."""
    for number, line in enumerate(file, 1):
        if line.startswith(b"title:"):
            yield number, None, str(yaml.safe_load(line)["title"]), []
