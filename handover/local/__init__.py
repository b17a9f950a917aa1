"""The built function behind http://127.0.0.1, on AWS's own runtime emulator, without Docker."""
