"""Makes an installation hold what a document says: `carnet apply` and `carnet serve --seed`."""
