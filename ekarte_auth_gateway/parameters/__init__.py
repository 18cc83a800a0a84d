"""What terminals download: signed, versioned documents, one for each branch.

Pure are document, cut, stop_list, patch, signing and download: a terminal uses them to
load, check and read its parameters. book and service are the gateway's side.
"""

from ekarte_auth_gateway.parameters.document import (
    FORMAT,
    Document,
    ParametersRefused,
    canonical,
    read_document,
)
from ekarte_auth_gateway.parameters.download import Download
from ekarte_auth_gateway.parameters.patch import apply, delta
from ekarte_auth_gateway.parameters.service import ParametersService
from ekarte_auth_gateway.parameters.signing import (
    ParametersKeyInvalid,
    Signer,
    key_id_of,
    load_signer,
    tend_key_file,
    verify,
)
from ekarte_auth_gateway.parameters.sources import Sources, build

__all__ = [
    "FORMAT",
    "Document",
    "Download",
    "ParametersKeyInvalid",
    "ParametersRefused",
    "ParametersService",
    "Signer",
    "Sources",
    "apply",
    "build",
    "canonical",
    "delta",
    "key_id_of",
    "load_signer",
    "read_document",
    "tend_key_file",
    "verify",
]
