"""Error sentences of Amazon S3 that are used in several places.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

XML_MALFORMED = "The XML you provided was not well-formed or did not validate against our published schema"
METHOD_NOT_ALLOWED = "The specified method is not allowed against this resource."
UPLOAD_TOO_LARGE = "Your proposed upload exceeds the maximum allowed size"
LENGTH_MISSING = "You must provide the Content-Length HTTP header."
MECHANISM_NOT_SUPPORTED = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
BUCKET_MISSING = "The specified bucket does not exist"
