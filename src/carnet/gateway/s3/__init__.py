"""Amazon S3 behind the gateway: requests whose bodies pass while they arrive."""
