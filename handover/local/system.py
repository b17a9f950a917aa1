"""Whether this system can run what is built: it is built for Lambda, which is Linux."""

import platform

WAYS = {
    "Darwin": "macOS: open the project in its dev container (.devcontainer)",
    "Windows": "Windows: open the project in WSL 2, or in its dev container (.devcontainer)",
}


def unavailable() -> str:
    """Say why what is built does not run on this system, and the way out; nothing on Linux."""
    system = platform.system()
    return "" if system == "Linux" else f"the built function takes Linux, and this is {WAYS.get(system, system)}"
