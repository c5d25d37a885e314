"""Real servers with faults, shared by the tests and by ``benchmarks/deliver``."""
