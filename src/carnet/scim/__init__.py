"""SCIM 2.0, by which an identity provider provisions the people and groups of an identity store.

https://docs.aws.amazon.com/singlesignon/latest/developerguide/what-is-scim.html
"""
