"""What `tsme serve` and `tsme worker` run: executions in a database, and the endpoint."""
