"""The console, for browsers: people sign in, and see what they may use."""
