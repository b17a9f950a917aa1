"""Side by side with what a user would pick instead: the same model, the same rows, one run."""
