"""The Resource Groups Tagging API: tags of the resources of every service."""
