"""The partitions of AWS, which accounts and ARNs belong to.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

DEFAULT_PARTITION = "aws"
PARTITIONS = (DEFAULT_PARTITION, "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc")
