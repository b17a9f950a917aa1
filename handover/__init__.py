"""Holds a delivery to its contract, and runs the built function on this machine. Never ships."""
