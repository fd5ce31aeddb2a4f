"""HTTP/1.1: from the bytes of a connection to requests, and from answers to bytes."""
