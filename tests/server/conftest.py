from tests.server.browser import browser, page
from tests.server.fixtures import endpoint, server, serving, sfn

__all__ = ["browser", "endpoint", "page", "server", "serving", "sfn"]
