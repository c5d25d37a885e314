"""``lab.toml``: its classes, its strict loader, and the JSON Schema made from the same classes."""
