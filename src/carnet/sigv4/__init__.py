"""AWS Signature Version 4: one verifier for the Authorization header and for presigned URLs.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""
