"""Who sits: what a change is like, and which seats it calls for."""
