"""What core and plugins promise each other: descriptors, stages, contexts, listings, options."""
