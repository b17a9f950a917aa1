"""The lesson: a practice ground for branches and pull requests, on a toy model, where nothing is lost."""
