"""Headers by which proxies tell that they have passed a request on."""

from __future__ import annotations

FORWARDING = (
    *("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-real-ip"),
    *("x-client-ip", "true-client-ip", "cf-connecting-ip", "x-envoy-external-address"),
)
