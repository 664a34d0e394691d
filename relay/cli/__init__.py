"""The command line: each command a file, its help the manual."""
