"""The pytest plugin: runs simulations that are marked with `@simulate`."""
