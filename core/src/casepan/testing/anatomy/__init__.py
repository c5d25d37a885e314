"""How the generated jaws grow: a person from a seed, an arch, teeth, gums, a border, a bite."""
