"""What an object store refused, as one line without credentials, and whether trying again may help."""

from __future__ import annotations

import re

from codescale.errors import UserError
from codescale.storage.address import StoreAddress

_CODE = re.compile(r"<Code>(\w+)</Code>")
"""Where S3 and Azure say in a word what is wrong."""

_CREDENTIALS = {
    "AuthenticationFailed",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
}
_NO_BUCKET = {"NoSuchBucket", "ContainerNotFound"}
_NO_BUCKET_TEXT = "The specified bucket does not exist"
_ELSEWHERE = {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
_DEFINITE = {"PermissionDeniedError", "UnauthenticatedError", "InvalidPathError", "UnknownConfigurationKeyError"}
"""obstore's errors that no second try mends."""

_ROLE = "169.254.169.254"
"""Where a machine in a cloud asks for its role, when it has no credentials of its own."""


def error_code(error: BaseException) -> str:
    """The store's own word for what is wrong; empty where it said none."""
    text = str(error)
    found = _CODE.search(text)
    if found:
        return found[1]
    return "NoSuchBucket" if _NO_BUCKET_TEXT in text else ""


def is_definite(error: BaseException) -> bool:
    """Whether another try would end the same."""
    known = _CREDENTIALS | _NO_BUCKET | _ELSEWHERE | {"AccessDenied"}
    return type(error).__name__ in _DEFINITE or error_code(error) in known or _ROLE in str(error)


def as_user_error(address: StoreAddress, error: BaseException) -> UserError:
    """``error`` as one line: what is wrong with the store at ``address``, and how to mend it."""
    code, kind = error_code(error), type(error).__name__
    if code in _NO_BUCKET:
        return UserError(str(address), f"there is no bucket {address.bucket}", "make it first, or mend the address")
    if _ROLE in str(error):
        hint = "set them in the environment, or give this machine a role (docs/storage.md)"
        return UserError(str(address), "this machine has no credentials", hint)
    if code in _CREDENTIALS or kind == "UnauthenticatedError":
        hint = "check them in the environment (docs/storage.md)"
        return UserError(str(address), f"the credentials are refused ({code or 'unauthenticated'})", hint)
    if code in _ELSEWHERE:
        return UserError(str(address), "the bucket is in another region", "set AWS_REGION to the bucket's region")
    if kind == "PermissionDeniedError":
        hint = "the credentials need to list, get, put and delete there (docs/storage.md has the policy)"
        return UserError(str(address), f"no permission ({code or 'forbidden'})", hint)
    hint = "check the address and the network, then give the same command again: nothing that was finished is lost"
    return UserError(str(address), f"the store cannot be reached, or fails ({_reason(error)})", hint)


def _reason(error: BaseException) -> str:
    """The gist of an error's text, without addresses, whose parameters may hold a secret."""
    text = str(error).partition("Debug source")[0]
    text = re.sub(r"<[^>]*>", " ", text)
    text = re.sub(r"https?://\S+", "", text)
    return " ".join(text.split())[:160]
