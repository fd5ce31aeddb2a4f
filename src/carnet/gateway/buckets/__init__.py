"""The state of buckets and objects that is kept here: owners, policies, ACLs, access points, default keys."""
