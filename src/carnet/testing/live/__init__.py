"""Tests against a server: who a test is, and what it is denied there. Needs boto3, which Carnet itself does not.

INVARIANT: `testing/plugin.py` imports this when a test asks for a fixture of it, not before.
"""
