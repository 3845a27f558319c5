"""What the change breaks elsewhere: callers, implementers, imports that it left alone."""
