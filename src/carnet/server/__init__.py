"""The HTTP server of the AWS APIs and of Carnet's own API."""
