"""What AWS says of an execution: history, causes, contexts, TestState."""
