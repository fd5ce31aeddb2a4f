"""SCIM 2.0, by which an identity provider keeps the people and groups of an identity store up to date.

https://docs.aws.amazon.com/singlesignon/latest/developerguide/what-is-scim.html
"""
