from tests.server.fixtures import endpoint, server, serving, sfn

__all__ = ["endpoint", "server", "serving", "sfn"]
