"""The services behind the gateway: which there are, what each kind really does, and connections to them."""
