"""One finding, many reports: each module writes the same findings for another reader."""
