"""MLflow, with its table of all that is installed: importing this makes it, for the forks of a process that waits."""

from mlflow.utils.requirements_utils import warn_dependency_requirement_mismatches

warn_dependency_requirement_mismatches(["onnx"])  # which each export and each opened folder asks, and takes 0.7 s
