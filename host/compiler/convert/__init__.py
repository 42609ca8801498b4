"""From JSONPath to JSONata, where a workflow then does the same."""
