"""AWS Identity and Access Management: one module per kind of entity."""
