"""AWS's sentences for a MalformedPolicyDocument that more than one check uses."""

SYNTAX_ERRORS = "Syntax errors in policy."
INVALID_JSON = "This policy contains invalid Json"
LEGACY_PARSING = "The policy failed legacy parsing"
ORGANIZATIONS = "The provided policy document does not meet the requirements of the specified policy type."
