"""Cases of JSONata, run here and compared with other engines: `make jsonata`."""
