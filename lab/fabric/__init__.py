"""What carries the lab's packets, and runs commands where they start."""
