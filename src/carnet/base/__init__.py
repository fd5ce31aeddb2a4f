"""The handful of words every room uses: ARNs, ids, the shape of a clock, faults."""
