"""Small secrets as the database keeps them: encrypted with a key of the instance, so that a copy of it tells nothing.

AES-256-GCM of the `cryptography` package. The key is derived (HKDF, SHA-256) from ``secret.key``, which goes with every
copy of the data. What is sealed is bound to its owner: moved to another row it can't be opened.
"""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from webapp.errors import Conflict
from webapp.settings import Settings, secret_key

NONCE_BYTES = 12
KEY_BYTES = 32
PURPOSE = b"pingyi sealing 1"


def seal(settings: Settings, secret: bytes, owner: str) -> str:
    """Return a secret so that only this instance opens it, and only for its owner (``table:key``).

    In base64; 28 bytes longer than the secret.
    """
    nonce = os.urandom(NONCE_BYTES)
    sealed = nonce + _cipher(settings).encrypt(nonce, secret, owner.encode())
    return base64.urlsafe_b64encode(sealed).decode()


def opened(settings: Settings, sealed: str, owner: str) -> bytes:
    """Return what was sealed. Raises Conflict "seal-broken": another key, another owner, or it was changed."""
    try:
        data = base64.b64decode(sealed, altchars=b"-_", validate=True)
        return _cipher(settings).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], owner.encode())
    except (InvalidTag, ValueError) as error:
        raise Conflict("seal-broken") from error


def _cipher(settings: Settings) -> AESGCM:
    secret = bytes.fromhex(secret_key(settings))
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt=None, info=PURPOSE).derive(secret))
