"""What was done and decided: events of calls, what they may show, explanations of denials, and their files."""
