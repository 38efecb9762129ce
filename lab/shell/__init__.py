"""What a person, or wayhome, can type inside a pod of the simulated lab.

A small POSIX shell and the programs that a network question needs, each with the words and exit codes of the real
one. Nothing typed here ever reaches a shell or a program of the machine that the lab runs on.
"""

from lab.shell.enter import enter
from lab.shell.host import Host, Outcome, Server

__all__ = ["Host", "Outcome", "Server", "enter"]
