"""casepan, the digital case pan of a dental laboratory."""

__version__ = "0.1.0"
