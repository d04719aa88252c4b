"""Temporary keys: AssumeRole as the vendor's own clients call it, and one call for many callers.

Source: STS documentation, "AssumeRole"; the request has the form that the official SDKs send (POST,
parameters in the query, ACS3-HMAC-SHA256).
"""

import asyncio
import json
import logging
from collections import OrderedDict
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from mossbox import clock
from mossbox.auth import acs3
from mossbox.auth.rpc import Message
from mossbox.upload.keys import Keys
from mossbox.upload.settings import UploadSettings

RENEW_S = 60
_TIMEOUT_S = 10
_ANSWER_SIZE_MAX = 65_536
_SESSIONS_MAX = 1_000
_log = logging.getLogger("mossbox.upload")
_HINTS = {
    "NoPermission": "the access key may not assume the role, or the role does not trust it",
    "EntityNotExist.Role": "there is no such role",
    "InvalidAccessKeyId.NotFound": "its access key is not known there",
    "InvalidAccessKeyId.Inactive": "its access key is not active",
    "SignatureDoesNotMatch": "its access key and secret do not belong together",
    "InvalidTimeStamp.Expired": "its clock is wrong",
    "Throttling.User": "too many were asked for; try again in a moment",
}


class StsError(RuntimeError):
    """No temporary keys were to be had; in words for anybody, without a secret."""


class Sessions:
    """Temporary keys by session policy: kept until a minute is left, asked for once at a time."""

    def __init__(self, settings: UploadSettings, keys: Keys) -> None:
        self._settings = settings
        self._keys = keys
        self._kept: OrderedDict[str, Keys] = OrderedDict()
        self._coming: dict[str, asyncio.Task[Keys]] = {}

    async def get(self, policy: str) -> Keys:
        """Keys of a session that is narrowed to `policy`; raises StsError."""
        kept = self._kept.get(policy)
        if kept is not None and (kept.expires_s or 0) - clock.now() > RENEW_S:
            self._kept.move_to_end(policy)
            return kept
        loop = asyncio.get_running_loop()
        task = self._coming.get(policy)
        if task is None or task.done() or task.get_loop() is not loop:
            task = self._coming[policy] = loop.create_task(self._renew(policy))
        # Who asked first may leave: the others still wait for the same answer.
        return await asyncio.shield(task)

    async def _renew(self, policy: str) -> Keys:
        try:
            keys = await asyncio.to_thread(assume_role, self._settings, self._keys, policy)
            self._kept[policy] = keys
            self._kept.move_to_end(policy)
            while len(self._kept) > _SESSIONS_MAX:
                self._kept.popitem(last=False)
            return keys
        finally:
            self._coming.pop(policy, None)


def assume_role(settings: UploadSettings, keys: Keys, policy: str) -> Keys:
    """A new session of the role, asked for over the network; raises StsError."""
    parameters = {
        "RoleArn": settings.role_arn,
        "RoleSessionName": settings.session_name,
        "DurationSeconds": str(settings.duration_s),
        "Policy": policy,
    }
    status, body = _post(settings.sts_url, parameters, keys)
    try:
        answer: dict[str, Any] = json.loads(body)
        if status == 200:
            got = answer["Credentials"]
            return Keys(
                got["AccessKeyId"], got["AccessKeySecret"], got["SecurityToken"],
                int(datetime.fromisoformat(got["Expiration"]).timestamp()),
            )  # fmt: skip
        code, message = str(answer["Code"]), str(answer.get("Message", ""))
    except (ValueError, KeyError, TypeError):
        _log.warning("%s answered %d, and not as STS does", settings.sts_url, status)
        raise StsError("What answers in place of STS is not STS.") from None
    _log.warning("STS refused with %s: %.300s", code, message)
    hint = _HINTS.get(code)
    more = f": {hint}" if hint else ""
    raise StsError(f"STS gave this server no temporary keys ({code}){more}.")


def _post(endpoint: str, parameters: dict[str, str], keys: Keys) -> tuple[int, bytes]:
    url = urlsplit(endpoint)
    headers = acs3.unsigned(url.netloc, "AssumeRole", "2015-04-01", clock.now())
    headers["accept"] = "application/json"
    if keys.token:
        headers["x-acs-security-token"] = keys.token
    message = Message("POST", "/", parameters, {}, headers)
    signed = acs3.sign(message, keys.key_id, keys.secret)
    kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
    connection = kind(url.hostname or "", url.port, timeout=_TIMEOUT_S)
    target = f"/?{urlencode(parameters, quote_via=quote)}"
    try:
        connection.request("POST", target, headers=signed)
        answer = connection.getresponse()
        return answer.status, answer.read(_ANSWER_SIZE_MAX)
    except (OSError, HTTPException) as error:
        _log.warning("STS at %s: %s", endpoint, error)
        raise StsError("STS can't be reached from this server.") from None
    finally:
        connection.close()
