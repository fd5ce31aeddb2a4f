"""The door of the AWS APIs."""
