"""Mail, by the SMTP server that the settings name."""
