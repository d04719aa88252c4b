"""What users and sessions may, for every operation: nothing that no policy allows."""

import json
from base64 import b64encode
from hashlib import md5
from typing import Any

import pytest

from mossbox.auth import Caller
from mossbox.auth.credentials import AccessKey, Keys
from mossbox.engine import Tx, grants, identities
from mossbox.engine.identities import PolicyDetails, UserDetails
from mossbox.fronts.hosts import Hosts
from mossbox.fronts.oss import OssFront
from mossbox.operation import REGISTER
from mossbox.operations import register  # noqa: F401  (fills it)
from mossbox.operations.call import Endpoints
from mossbox.pipeline import Pipeline
from tests.support import Answer
from tests.unit.operations.conftest import UIDS, Line

OFFERED = sorted(
    entry.name
    for entry in REGISTER.values()
    if entry.access == "signed" and not entry.refused and entry.scope != "rpc"
)
VALUES = {"partNumber": "1", "position": "0"}
OURS_ALONE = ("mossbox-keys", "mossbox-policy")  # for an account's root, whatever policies say


class Users:
    """A user and sessions of it, known to a store in memory."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.engine = line.engine
        account = identities.find(self.engine.db, UIDS["mine"])
        other = identities.find(self.engine.db, UIDS["other"])
        assert account is not None
        assert other is not None
        self.account, self.other = account.id, other.id
        self.row = self._insert(self.account, "alice")
        self.other_row = self._insert(self.other, "bob")
        self.keys: dict[str, AccessKey] = {}
        for name, account, row in (("alice", self.account, self.row),
                                   ("bob", self.other, self.other_row)):  # fmt: skip
            uid = UIDS["mine" if name == "alice" else "other"]
            self.know(Caller("user", account, uid, name, "header", row, str(row), name))
        roots = {name: line.pipeline._front._keys._keys[name] for name in UIDS}
        front = OssFront(Hosts(strict=False), Keys({**roots, **self.keys}), guard_origin=False)
        self.front = front
        line.pipeline = Pipeline(self.engine, front, Endpoints("cn-hangzhou"), line._page)

    def _insert(self, account: int, name: str) -> int:
        def work(tx: Tx) -> int:
            made = identities.insert(tx, account, "user", name, 1, UserDetails())
            assert made is not None
            return made.id

        return self.line.run(self.engine.db.write(work, catalog=True))

    def know(self, caller: Caller) -> None:
        self.keys[caller.key_id] = AccessKey(caller.key_id, "secret", caller, caller)

    def session(self, *statements: dict[str, Any]) -> str:
        """A key of alice's that is narrowed to a policy."""
        text = json.dumps({"Version": "1", "Statement": list(statements)})
        name = f"session-{len(self.keys)}"
        caller = Caller("role", self.account, UIDS["mine"], name, "header", self.row, "9", "app",
                        "phone", text)  # fmt: skip
        self.front._keys._keys[name] = AccessKey(name, "secret", caller, caller)
        self.know(caller)
        return name

    def grant(self, row: int, *statements: dict[str, Any]) -> None:
        """Attach a policy; what was attached before stays."""
        text = json.dumps({"Version": "1", "Statement": list(statements)})

        def work(tx: Tx) -> None:
            name = f"policy-{len(grants.policies(tx, row))}-{row}"
            made = identities.insert(tx, self.account, "policy", name, 1, PolicyDetails())
            assert made is not None
            grants.add_version(tx, made.id, 1, text, 1, default=True)
            grants.attach(tx, made.id, row, 1)

        self.line.run(self.engine.db.write(work, catalog=True))


@pytest.fixture
def users(line: Line) -> Users:
    made = Users(line)
    assert line.send("PUT", "/photos/dir/key", b"first").status == 200
    return made


def allow(action: Any = "oss:*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def md5_of(body: bytes) -> str:
    return b64encode(md5(body).digest()).decode()


def ask(line: Line, name: str, key: str) -> Answer:
    """A request of an operation, by a key."""
    entry = REGISTER[name]
    path = {"service": "/", "bucket": "/photos", "object": "/photos/dir/key"}[entry.scope]
    query, headers = [], {}
    for text in entry.when:
        part, _, value = text.partition("=")
        if part.startswith("x-oss-copy"):
            headers[part] = "/photos/dir/key"
        else:
            query.append(f"{part}={value or VALUES.get(part, '')}")
    if name == "AppendObject":
        query.append("position=0")
    body = b""
    if name == "DeleteMultipleObjects":
        body = b"<Delete><Object><Key>dir/key</Key></Object></Delete>"
        headers["content-md5"] = md5_of(body)
    return line.send(entry.method, f"{path}?{'&'.join(query)}", body, headers, key)


@pytest.mark.parametrize("name", OFFERED)
def test_a_user_without_policies_may_nothing(line, users, name):
    answer = ask(line, name, "alice")
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert answer.element("AuthPrincipalType") == "SubUser"
    assert answer.element("NoPermissionType") == "ImplicitDeny"
    assert answer.element("PolicyType") == "AccountLevelIdentityBasedPolicy"
    assert line.send("GET", "/photos/dir/key").body == b"first"


@pytest.mark.parametrize("name", OFFERED)
def test_a_user_may_what_its_policy_allows(line, users, name):
    users.grant(users.row, allow())
    entry = REGISTER[name]
    answer = ask(line, name, "alice")
    if any(text.startswith(OURS_ALONE) for text in entry.when):
        assert (answer.status, answer.code) == (403, "AccessDenied")
    else:
        assert answer.code != "AccessDenied"
        users.grant(users.row, {**allow("*"), "Effect": "Deny"})
        answer = ask(line, name, "alice")
        assert (answer.status, answer.code) == (403, "AccessDenied")
        assert answer.element("NoPermissionType") == "ExplicitDeny"


@pytest.mark.parametrize("name", [n for n in OFFERED if REGISTER[n].scope != "service"])
def test_nobody_is_granted_another_accounts_buckets(line, users, name):
    users.grant(users.other_row, allow("*"))
    answer = ask(line, name, "bob")
    if name == "PutBucket":
        assert (answer.status, answer.code) == (409, "BucketAlreadyExists")
    else:
        assert (answer.status, answer.code) == (403, "AccessDenied")


@pytest.mark.parametrize("name", OFFERED)
def test_20_a_session_may_no_more_than_its_policy_says(line, users, name):
    users.grant(users.row, allow("*"))
    session = users.session(allow("oss:Unheard"))
    answer = ask(line, name, session)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert answer.element("PolicyType") == "SessionPolicy"
    assert answer.element("AuthPrincipalDisplayName") == "app:phone"


def test_20_a_session_that_may_put_below_one_prefix(line, users):
    users.grant(users.row, allow("*"))
    key = users.session(allow("oss:PutObject", "acs:oss:*:*:photos/mine/*"))
    assert line.send("PUT", "/photos/mine/a", b"x", key=key).status == 200
    assert line.send("POST", "/photos/mine/b?uploads=", key=key).status == 200
    for method, path in (
        ("GET", "/photos/mine/a"), ("GET", "/photos"), ("DELETE", "/photos/mine/a"),
        ("PUT", "/photos/other"), ("PUT", "/photos/mine/a?acl="), ("PUT", "/photos?policy="),
        ("GET", "/"), ("PUT", "/another"), ("GET", "/photos/mine/a?acl="),
    ):  # fmt: skip
        body = b"x" if method == "PUT" else b""
        assert line.send(method, path, body, key=key).code == "AccessDenied", (method, path)


def test_23_each_action_is_one_of_its_own(line, users):
    users.grant(users.row, allow(["oss:GetObject"]))
    assert line.send("GET", "/photos/dir/key", key="alice").status == 200
    assert line.send("GET", "/photos/dir/key?versionId=null", key="alice").status == 403
    assert line.send("GET", "/photos/dir/key?acl=", key="alice").status == 403
    users.grant(users.row, allow(["oss:GetObjectVersion"]))
    assert line.send("GET", "/photos/dir/key?versionId=null", key="alice").status == 200


def test_a_tag_on_an_upload_needs_its_own_action(line, users):
    users.grant(users.row, allow("oss:PutObject"))
    tagged = {"x-oss-tagging": "a=b"}
    assert line.send("PUT", "/photos/new", b"x", tagged, "alice").status == 403
    users.grant(users.row, allow("oss:PutObjectTagging"))
    assert line.send("PUT", "/photos/new", b"x", tagged, "alice").status == 200


def test_30_each_key_of_many_is_asked_for(line, users):
    users.grant(users.row, allow("oss:DeleteObject", "acs:oss:*:*:photos/mine/*"))
    for key in ("mine/a", "mine/b", "theirs"):
        assert line.send("PUT", f"/photos/{key}", b"x").status == 200
    items = "".join(f"<Object><Key>{k}</Key></Object>" for k in ("mine/a", "theirs", "mine/b"))
    body = f"<Delete>{items}</Delete>".encode()
    headers = {"content-md5": md5_of(body)}
    answer = line.send("POST", "/photos?delete=", body, headers, "alice")
    assert answer.status == 200
    assert answer.body.count(b"<Deleted>") == 2
    assert answer.element("Error").startswith("<Key>theirs</Key><Code>AccessDenied</Code>")
    assert line.send("GET", "/photos/theirs").status == 200


def test_31_a_copy_needs_its_source_and_its_target(line, users):
    copy = {"x-oss-copy-source": "/photos/dir/key"}
    users.grant(users.row, allow("oss:PutObject", "acs:oss:*:*:photos/mine/*"))
    assert line.send("PUT", "/photos/mine/copy", b"", copy, "alice").status == 403
    users.grant(users.row, allow("oss:GetObject", "acs:oss:*:*:photos/dir/*"))
    assert line.send("PUT", "/photos/mine/copy", b"", copy, "alice").status == 200
    assert line.send("PUT", "/photos/else", b"", copy, "alice").status == 403
    version = {"x-oss-copy-source": "/photos/dir/key?versionId=null"}
    assert line.send("PUT", "/photos/mine/copy", b"", version, "alice").status == 403
    users.grant(users.row, allow("oss:GetObjectVersion"))
    assert line.send("PUT", "/photos/mine/copy", b"", version, "alice").status == 200


def test_32_a_link_needs_itself_and_its_target(line, users):
    link = {"x-oss-symlink-target": "dir/key"}
    assert line.send("PUT", "/photos/link?symlink=", b"", link).status == 200
    users.grant(users.row, allow("oss:GetObject", "acs:oss:*:*:photos/link"))
    assert line.send("GET", "/photos/link?symlink=", key="alice").status == 200
    assert line.send("GET", "/photos/link", key="alice").status == 403
    users.grant(users.row, allow("oss:GetObject", "acs:oss:*:*:photos/dir/*"))
    assert line.send("GET", "/photos/link", key="alice").body == b"first"


def test_35_an_acl_that_lets_write_does_not_let_change_the_acl(line, users):
    public = {"x-oss-object-acl": "public-read-write"}
    assert line.send("PUT", "/photos/dir/key?acl=", b"", public).status == 200
    for key in ("alice", "bob", "other", ""):
        assert line.send("PUT", "/photos/dir/key", b"first", key=key).status == 200
        assert line.send("PUT", "/photos/dir/key?acl=", b"", public).status == 200
        answer = line.send("PUT", "/photos/dir/key?acl=", b"", public, key)
        assert (answer.status, answer.code) == (403, "AccessDenied")


def test_a_change_of_a_policy_counts_for_the_next_request(line, users):
    assert line.send("GET", "/photos/dir/key", key="alice").status == 403
    users.grant(users.row, allow("oss:GetObject"))
    assert line.send("GET", "/photos/dir/key", key="alice").status == 200
    users.grant(users.row, {**allow("oss:GetObject"), "Effect": "Deny"})
    assert line.send("GET", "/photos/dir/key", key="alice").status == 403


def explained(line: Line, who: str, action: str, tail: str, key: str = "mine") -> Answer:
    query = f"x-oss-explain-as={who}&x-oss-explain-action={action}"
    resource = f"x-oss-explain-resource=acs:oss:*:*:{tail}"
    return line.send("GET", f"/?mossbox-policy=ExplainPolicy&{query}&{resource}", key=key)


def test_policies_of_users_and_roles_are_explained(line, users):
    answer = explained(line, "alice", "oss:GetObject", "photos/dir/key")
    assert answer.element("Allowed") == "false"
    assert answer.element("Statement") == "identity policy: no statement applies"
    users.grant(users.row, allow("oss:PutObject"), allow("oss:GetObject"))
    for who in ("alice", "user/alice"):
        answer = explained(line, who, "oss:GetObject", "photos/dir/key")
        assert answer.element("Allowed") == "true"
        name = f"policy-0-{users.row}"
        assert answer.element("Statement") == f"identity policy: statement 2 of {name} allows it"
    assert explained(line, "bob", "oss:GetObject", "photos/dir/key").code == "InvalidArgument"
    users.grant(users.row, allow("*"))
    assert explained(line, "alice", "oss:GetObject", "photos", "alice").code == "AccessDenied"


def test_the_prefix_of_a_list_is_none_of_an_objects(line, users):
    """A list without a prefix has an empty one; a request for an object has none."""
    users.grant(users.row, allow(Condition={"StringEquals": {"oss:Prefix": ["", "a/"]}}))
    for path, status in (
        ("/photos", 200), ("/photos?prefix=a/", 200), ("/photos?prefix=b/", 403),
        ("/photos/dir/key", 403), ("/photos/dir/key?prefix=a/", 403),
    ):  # fmt: skip
        assert line.send("GET", path, key="alice").status == status, path


def test_27_the_owner_is_held_by_a_condition_of_its_buckets_policy(line, users):
    for condition, status in (({}, 200), ({"Bool": {"acs:SecureTransport": "false"}}, 403)):
        said = {"Effect": "Deny", "Principal": ["*"], "Action": "oss:GetObject",
                "Resource": "acs:oss:*:*:photos/*", "Condition": condition}  # fmt: skip
        text = json.dumps({"Version": "1", "Statement": [said]}).encode()
        assert line.send("PUT", "/photos?policy=", text).status == 200
        assert line.send("GET", "/photos/dir/key").status == status
