"""What the store and the server are measured beside: a process each, told over its standard input."""
