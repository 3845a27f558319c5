"""The editor's door: one module a feature, thin handlers, no domain logic."""
