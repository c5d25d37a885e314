"""The command line: thin modules, work is imported inside the functions."""
