"""The AWS services: one folder each, one module per entity."""
