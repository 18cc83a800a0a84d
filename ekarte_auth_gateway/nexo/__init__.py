"""nexo-style JSON: cash registers that speak Sale to POI, the gateway being the POI.

Not certified by anybody: it follows the messages as public clients send them.
"""

from ekarte_auth_gateway.nexo.service import NexoService, api_key

__all__ = ["NexoService", "api_key"]
