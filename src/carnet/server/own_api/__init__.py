"""Carnet's own HTTP API, below `/_carnet/v1/`: what AWS has no API for. `docs/http-api.md` describes it."""
