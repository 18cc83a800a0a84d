"""HTTP: the terminals' JSON transport, the gateway's pages, and the way to Odoo."""

from ekarte_auth_gateway.http.body import Bodies, BodyGivenUp, BodyLate
from ekarte_auth_gateway.http.office import OdooOffice
from ekarte_auth_gateway.http.openapi import openapi
from ekarte_auth_gateway.http.server import HttpServer
from ekarte_auth_gateway.http.service import HttpLimits, HttpService

__all__ = [
    "Bodies",
    "BodyGivenUp",
    "BodyLate",
    "HttpLimits",
    "HttpServer",
    "HttpService",
    "OdooOffice",
    "openapi",
]
