"""Middleware of the request path."""

from kc_exchange.middleware.impersonation import ImpersonationMiddleware
from kc_exchange.middleware.user_token import UserTokenMiddleware

__all__ = ["ImpersonationMiddleware", "UserTokenMiddleware"]
