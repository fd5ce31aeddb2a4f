"""The paths of Carnet's own pages, for servers and clients of them."""

API_SEGMENTS = frozenset(
    (
        "assignment",
        "authorize",
        "client",
        "device",
        "device_authorization",
        "federation",
        "logout",
        "saml",
        "token",
        "v1",
    )
)
"""The first path segments of AWS APIs that take unsigned requests, and of the pages that belong to them: as on
oidc.us-east-1.amazonaws.com, portal.sso.us-east-1.amazonaws.com and signin.aws.amazon.com. No bucket is called so."""
HEALTH_PATH = "/_carnet/health"
READY_PATH = "/_carnet/ready"
OLD_HEALTH_PATH = "/healthz"
"""An alias of the health page on frontends that do not serve S3, where it could be the name of a bucket."""
