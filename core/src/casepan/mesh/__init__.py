"""The mesh kernel: the one place that knows triangles."""
