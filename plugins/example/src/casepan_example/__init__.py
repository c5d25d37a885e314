"""The tutorial adapter: how to write a casepan plugin in an afternoon."""
