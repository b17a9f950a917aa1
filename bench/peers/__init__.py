"""What a user would pick instead, each as its own documentation advises; ``python -m bench.peers`` installs them."""
