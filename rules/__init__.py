"""What wayhome knows: a pure model of packets, causes and remedies (no clock, no network, no screen)."""
