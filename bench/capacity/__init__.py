"""What a month of the built function costs, and which limit it meets first, at the rates that matter."""
