"""What tools ask of EC2 before anything else: the Regions."""
