"""Side by side with what a user would pick instead: the same work, the same rows, one run."""
