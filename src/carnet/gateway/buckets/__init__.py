"""What is kept here of buckets and their objects: owners, policies, ACLs, access points, default keys."""
