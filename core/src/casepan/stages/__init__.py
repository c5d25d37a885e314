"""The few built-in stages, registered through the same hooks as any plugin's."""
