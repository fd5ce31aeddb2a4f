"""The services behind the gateway: their configuration, the profiles of what they support, and connections to them."""
