"""What is measured, and its limits. `make bench` runs it; every limit is a ratio of one run."""
