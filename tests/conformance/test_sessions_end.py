"""Sessions and signed URLs end in time: on a store whose clock the test moves."""

import time
from pathlib import Path
from urllib.parse import urlencode

import oss2
import pytest

from mossbox.auth import rpc
from tests.conformance.cloud import TRUST_ACCOUNT, Cloud, Refused
from tests.conformance.conftest import Move
from tests.conformance.raw import ask
from tests.support import REGION, Server


def at(session: Cloud, ahead_s: int) -> str:
    """The code of a request that is signed for a moment."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + ahead_s))
    answer = session.oss("GET", headers={"x-oss-date": stamp})
    return answer.code or str(answer.status)


def test_a_session_and_its_urls_end_together(moved: tuple[Server, Move]) -> None:
    server, move = moved
    root = Cloud(server)
    user = root.user("ann")
    root.attach("AliyunSTSAssumeRoleAccess", "User", "ann")
    root("CreateRole", role_name="r", assume_role_policy_document=TRUST_ACCOUNT)
    root.attach("AliyunOSSFullAccess", "Role", "r")
    assert root.oss("PUT", "photos").status == 200
    assert root.oss("PUT", "photos", "a", body=b"1").status == 200
    session = user.assume("r", duration_seconds=900)
    auth = oss2.ProviderAuthV4(
        oss2.credentials.StaticCredentialsProvider(session.key_id, session.secret, session.token)
    )
    bucket = oss2.Bucket(auth, server.endpoint, "photos", region=REGION)
    long, short = (
        bucket.sign_url("GET", "a", life_s)[len(server.endpoint) :] for life_s in (3600, 600)
    )

    move(590)
    assert [ask(server, "GET", url).status for url in (long, short)] == [200, 200]
    move(880)
    assert at(session, 880) == "200"
    assert ask(server, "GET", long).status == 200
    assert ask(server, "GET", short).code == "AccessDenied"  # its own end
    move(901)
    assert ask(server, "GET", long).code == "SecurityTokenExpired"
    assert at(session, 901) == "SecurityTokenExpired"
    with pytest.raises(Refused, match=r"InvalidSecurityToken\.Expired"):
        session("GetCallerIdentity")


def test_a_nonce_is_remembered_over_a_restart(tmp_path: Path) -> None:
    asked = {
        "Action": "GetCallerIdentity", "Version": "2015-04-01", "SignatureNonce": "once",
        "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }  # fmt: skip

    target = "/?" + urlencode(rpc.sign("GET", asked, "mossbox", "mossbox-secret"))
    server = Server(tmp_path)
    with server:
        assert ask(server, "GET", target).status == 200
    with server:  # it was killed in between
        answer = ask(server, "GET", target)
        assert (answer.status, b"SignatureNonceUsed" in answer.body) == (400, True)
