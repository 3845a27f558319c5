"""What the editor can ask for, one module a feature; `register` ties each to the server."""
