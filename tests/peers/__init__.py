"""What others wrote, against the endpoint of `tsme serve`."""
