"""The demonstration company and the vendor servers that hold its access."""
