"""Where Carnet's own pages are, for who serves them and for who asks."""

HEALTH_PATH = "/_carnet/health"
READY_PATH = "/_carnet/ready"
OLD_HEALTH_PATH = "/healthz"
"""An alias of the health page on doors that serve no S3, if it is a bucket's name."""
