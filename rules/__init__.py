"""What wayhome knows: a pure model of packets, causes and remedies (no clock, no network, no screen)."""

DISTRIBUTION = "wayhome"  # another distribution has a package of this name; start-up looks here whose was found
