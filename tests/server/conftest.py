from tests.server.fixtures import endpoint, sfn

__all__ = ["endpoint", "sfn"]
