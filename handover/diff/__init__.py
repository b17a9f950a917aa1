"""Two deliveries side by side: what callers must know of the new one, and which answers it gives otherwise."""
