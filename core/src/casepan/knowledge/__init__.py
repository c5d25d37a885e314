"""What several plugins must agree on: teeth, kinds, materials, shades, role words, the rx file."""
