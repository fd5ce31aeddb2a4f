"""The ASGI door of the AWS APIs."""
