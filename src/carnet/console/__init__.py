"""The door of browsers: people sign in, and see what is theirs."""
