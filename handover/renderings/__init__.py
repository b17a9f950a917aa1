"""One finding, many renderings: each module writes the same findings for another reader."""
