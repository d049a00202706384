"""uar: user access reviews and just-in-time access."""
