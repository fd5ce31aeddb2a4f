"""Organizations as documents: `carnet org export`, `carnet org import` and `carnet org tree`."""
