"""The policies of resources behind the gateway, which are kept here."""
