"""curl's progress meter, as it goes to standard error when standard output is not a terminal."""

from __future__ import annotations

HEAD = (
    "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
    "                                 Dload  Upload   Total   Spent    Left  Speed\n"
)


def line(received: int = 0, total: int = 0, seconds: float = 0.0) -> str:
    """One state of the meter; it begins with a carriage return."""
    percent = 100 * received // total if total else 0
    spent = (
        f"{int(seconds) // 3600:2d}:{int(seconds) // 60 % 60:02d}:{int(seconds) % 60:02d}"
        if seconds >= 1
        else "--:--:--"
    )
    speed = int(received / seconds) if received and seconds > 0 else 0
    sizes = f"{percent:3d} {_size(total)}  {percent:3d} {_size(received)}    0     0  {_size(speed)}      0"
    return f"\r{sizes} --:--:-- {spent.rjust(8)} --:--:-- {_size(speed)}"


def _size(count: int) -> str:
    for unit in ("", "k", "M", "G"):
        if count < 100_000 or unit == "G":
            return f"{count}{unit}".rjust(5)
        count //= 1024
    return str(count)
