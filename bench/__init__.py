"""Speed as ratios within one run, on the machine at hand. It prints; people judge."""
