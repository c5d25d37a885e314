"""What lands in an inbox: listing, settling, snapshot, safe archives, recognition and assembly."""
