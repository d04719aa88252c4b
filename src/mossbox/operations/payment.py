"""Who pays for requests (OSS documentation, "PutBucketRequestPayment").

Nobody pays anything here, but a caller of another account has to say that it would.
"""

from typing import Annotated

import msgspec

from mossbox import errors
from mossbox.engine import Tx, bucket_settings
from mossbox.engine.bucket_settings import REQUEST_PAYMENT
from mossbox.operation import Empty, operation
from mossbox.operations.call import Call
from mossbox.operations.common import XML_LIMIT_BYTES
from mossbox.wire.fields import XmlBody

_PAYERS = ("BucketOwner", "Requester")


class RequestPaymentConfiguration(msgspec.Struct):
    """The document of both operations."""

    payer: str


class PutBucketRequestPaymentRequest(msgspec.Struct):
    """Who is to pay."""

    configuration: Annotated[RequestPaymentConfiguration, XmlBody(XML_LIMIT_BYTES)]


@operation("PutBucketRequestPayment", "PUT", "bucket", when=["requestPayment"])
async def put_bucket_request_payment(call: Call, request: PutBucketRequestPaymentRequest) -> Empty:
    """Let the owner pay, or whoever asks."""
    bucket, payer = call.bucket, request.configuration.payer
    if payer not in _PAYERS:
        raise errors.MalformedXML(ErrorDetail=f"Payer is one of {', '.join(_PAYERS)}")

    def work(tx: Tx) -> None:
        if payer == "Requester":
            bucket_settings.put(tx, bucket, REQUEST_PAYMENT, b"Requester")
        else:
            bucket_settings.delete(tx, bucket, REQUEST_PAYMENT)

    await call.engine.db.write(work, catalog=True)
    return Empty()


@operation(
    "GetBucketRequestPayment", "GET", "bucket", when=["requestPayment"],
    root="RequestPaymentConfiguration",
)  # fmt: skip
async def get_bucket_request_payment(call: Call, request: Empty) -> RequestPaymentConfiguration:
    """Who pays."""
    return RequestPaymentConfiguration(_PAYERS[REQUEST_PAYMENT in call.bucket.settings])
