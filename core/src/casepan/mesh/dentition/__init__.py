"""What a scan of teeth shows: its chewing plane, its arch, and the place of each tooth. Worked out from the shape alone."""
