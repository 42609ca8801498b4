"""JSONata, which this version checks and refuses."""
