"""What is under review: scopes, hunks and unsaved buffers, by only reading git."""
