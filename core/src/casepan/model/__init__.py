"""The values a case is made of: frozen, numpy-free, with a JSON form that round-trips."""
