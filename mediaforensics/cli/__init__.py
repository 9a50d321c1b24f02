"""The ``mediaforensics`` command: arguments in, files out, exit status; no logic of its own."""
