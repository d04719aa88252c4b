"""Component files: what is read, what is passed over, and the sentence for everything wrong."""

from pathlib import Path

import pytest

from mossbox.dapr.components import ComponentError, load

GOOD = """\
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: store
  namespace: default
spec:
  type: bindings.alicloud.oss
  version: v1
  metadata:
  - name: endpoint
    value: https://oss-cn-hangzhou.aliyuncs.com
  - name: accessKeyID
    value: 1e5
  - name: accessKey
    value: "the-secret"
  - name: bucket
    value: photos
"""
REFERENCE = GOOD.replace('value: "the-secret"', "secretKeyRef: {name: group, key: inner}")
FILE = """\
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: file}
spec:
  type: secretstores.local.file
  metadata: [{name: secretsFile, value: FOLDER/secrets.json}]
"""
ENV = """\
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: env}
spec: {type: secretstores.local.env, version: v1}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "components").mkdir()
    return tmp_path / "components"


def write(folder: Path, text: str, name: str = "a.yaml") -> None:
    (folder / name).write_text(text.replace("FOLDER", str(folder.parent)))


def refusal(folder: Path, text: str, environment: dict[str, str] | None = None) -> str:
    write(folder, text)
    with pytest.raises(ComponentError) as error:
        load(folder, environment or {})
    assert "\n" not in str(error.value)
    assert "the-secret" not in str(error.value)
    return str(error.value).replace(str(folder), "components")


def test_a_component_as_it_stands(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(folder, GOOD)
    write(folder, "never: read", "notes.txt")
    bindings = load(folder, {})
    target = bindings["store"].target
    assert bindings["store"].operations == ("create",)
    assert (target.access_key_id, target.access_key, target.bucket) == (
        "1e5", "the-secret", "photos",
    )  # fmt: skip
    assert target.region == "cn-hangzhou"
    assert "the-secret" not in repr(bindings)
    assert len(caplog.messages) == 1
    assert caplog.messages[0].endswith(
        "component store: accessKey stands here as plain text; a secret store would be safer"
    )


def test_names_compare_without_case(folder: Path) -> None:
    write(folder, GOOD.replace("accessKeyID", "ACCESSKEYID").replace("endpoint", "Endpoint"))
    assert load(folder, {})["store"].target.access_key_id == "1e5"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("kind: Component", "kind: component", "kind: 'component' is not Component"),
        ("kind: Component\n", "", "kind is missing"),
        ("v1alpha1", "v2", "apiVersion: 'dapr.io/v2' is not dapr.io/v1alpha1"),
        ("  name: store\n", "  name:\n", "metadata.name is missing"),
        ("  name: store\n", "  name: [x]\n", "metadata.name is not plain text"),
        ("  version: v1\n", "  version: v2\n", "spec.version: 'v2' is not v1"),
        ("  version: v1\n", "  ignoreErrors: maybe\n", "spec.ignoreErrors: 'maybe' is not true"),
        ("spec:\n", "scopes: app\nspec:\n", "scopes is no list of names of apps"),
        ("spec:\n", "auth: x\nspec:\n", "auth holds no names with values"),
        ("alicloud.oss", "aliclud.oss", "spec.type: 'bindings.aliclud.oss' is not offered"),
        ("  - name: bucket\n", "  - nam: bucket\n", "spec.metadata[3].name is missing"),
        ("  - name: bucket\n", "  - name: bukket\n", "spec.metadata bucket is missing"),
        ("value: photos", "value:", "spec.metadata bucket is empty"),
        ("value: photos", "value: [x]", "spec.metadata bucket: its value is not plain text"),
        ("value: photos", "value: My_Photos", "spec.metadata bucket: 'My_Photos' is no bucket's"),
        ("https://oss-cn", "ftp://oss-cn", "spec.metadata endpoint: 'ftp://oss-cn"),
        ("https://oss-cn", "oss cn", "spec.metadata endpoint: 'oss cn-"),
        ("https://", "https://user:the-secret@", "spec.metadata endpoint: a text with an @"),
        ("hangzhou.aliyuncs.com", "x:port", "spec.metadata endpoint: 'https://oss-cn-x:port'"),
        ("aliyuncs.com\n", "aliyuncs.com/b\n", "spec.metadata endpoint: "),
        ("- name: bucket", "- {name: direction, value: input}\n  - name: bucket",
         "spec.metadata direction: there is an output binding only"),
        ("- name: bucket", "- {name: pathStyle, value: often}\n  - name: bucket",
         "spec.metadata pathStyle: 'often' is neither true nor false"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(folder: Path, old: str, new: str, why: str) -> None:
    assert old in GOOD
    said = refusal(folder, GOOD.replace(old, new, 1))
    assert said.startswith("components/a.yaml: ")
    assert why in said


@pytest.mark.parametrize(
    "text", ["a: b: c", "\t- x", "a: [", "- 'x", "\x00", "a: &x *y", "[" * 9999]
)
def test_what_is_no_yaml_is_told_with_the_line(folder: Path, text: str) -> None:
    assert refusal(folder, text).startswith("components/a.yaml")
    assert "this is not YAML" in refusal(folder, text)


def test_documents_that_are_no_component(folder: Path) -> None:
    assert refusal(folder, "- a\n- b\n") == (
        "components/a.yaml: the document holds no names with values"
    )
    assert "there is no binding of type" in refusal(folder, "---\n---\n")
    (folder / "a.yaml").unlink()
    with pytest.raises(ComponentError, match=r"there is no \.yaml file in it"):
        load(folder, {})


def test_two_of_a_name(folder: Path) -> None:
    write(folder, GOOD, "b.yml")
    assert "metadata.name: components/a.yaml has a component of this name" in refusal(folder, GOOD)


def test_other_parts_of_dapr_are_passed_over_and_named(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = GOOD.replace("name: store", "name: cache").replace(
        "bindings.alicloud.oss", "state.redis"
    )
    write(folder, f"{GOOD}---\n{other}---\napiVersion: dapr.io/v2alpha1\nkind: Subscription\n")
    assert list(load(folder, {})) == ["store"]
    assert "spec.type: 'state.redis' is not offered; component cache is passed over" in caplog.text
    assert "kind Subscription is Dapr's own" in caplog.text


def test_scopes_choose_apps(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(folder, GOOD)
    write(folder, GOOD.replace("name: store", "name: other") + "scopes: [shop, cart]\n", "b.yaml")
    assert list(load(folder, {})) == ["store"]
    assert "component other: its scopes are shop, cart" in caplog.text
    assert list(load(folder, {}, "cart")) == ["store", "other"]


def test_errors_may_be_ignored(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(folder, GOOD)
    for name, text in {
        "type": GOOD.replace("alicloud.oss", "s3"),
        "value": GOOD.replace("value: photos", "value: P"),
        "none": REFERENCE,
    }.items():
        text = text.replace("name: store", f"name: {name}")
        write(folder, text.replace("version: v1\n", "ignoreErrors: true\n"), f"{name}.yaml")
    assert list(load(folder, {})) == ["store"]
    assert caplog.text.count("left out, as its spec.ignoreErrors says") == 3


def test_secrets(folder: Path) -> None:
    (folder.parent / "secrets.json").write_text('{"group": {"inner": "found", "deep": {"n": 7}}}')
    flat = REFERENCE.replace("{name: group, key: inner}", "{name: 'group:inner'}")
    write(folder, f"{flat}auth: {{secretStore: file}}\n{FILE}")
    assert load(folder, {})["store"].target.access_key == "found"
    groups = FILE.replace("}]", "}, {name: multiValued, value: true}, "
                          "{name: nestedSeparator, value: .}]")  # fmt: skip
    deep = REFERENCE.replace("key: inner", "key: deep.n")
    write(folder, f"{deep}auth: {{secretStore: file}}\n{groups}")
    assert load(folder, {})["store"].target.access_key == "7"
    variable = REFERENCE.replace("{name: group, key: inner}", "{name: KEY}")
    write(folder, f"{variable}auth: {{secretStore: env}}\n{ENV}")
    assert load(folder, {"KEY": "found"})["store"].target.access_key == "found"
    write(folder, GOOD.replace('value: "the-secret"', "envRef: KEY"))
    assert load(folder, {"KEY": "found"})["store"].target.access_key == "found"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (REFERENCE, "spec.metadata accessKey: secretKeyRef needs auth.secretStore"),
        (f"{REFERENCE}auth: {{secretStore: vault}}\n", "auth.secretStore: 'vault' is no secret"),
        (REFERENCE.replace("{name: group, key: inner}", "{}"), "secretKeyRef.name is missing"),
        (f"{REFERENCE}auth: {{secretStore: env}}\n{ENV}", "secretKeyRef.key: 'inner' must be 'gr"),
        (f"{REFERENCE}auth: {{secretStore: file}}\n{FILE}", "no secret group with inner"),
        (GOOD.replace('value: "the-secret"', "envRef: NO"), "the environment has no variable NO"),
        (GOOD.replace('value: "the-secret"', "envRef: DAPR_X"), "the variable DAPR_X is Dapr's"),
        (GOOD + FILE.replace("secrets.json", "none"), "secretsFile: FOLDER/none: No such file"),
        (GOOD + FILE.replace("secrets.json", "list.json"), "list.json holds no JSON object"),
        (GOOD + FILE.replace("secrets.json", "text.json"), "text.json is no JSON: "),
        (GOOD + FILE.replace("secretsFile", "file"), "spec.metadata secretsFile is missing"),
        (GOOD + FILE.replace("local.file", "hashicorp.vault"), "'secretstores.hashicorp.vault'"),
    ],
)
def test_secrets_that_are_not_there(folder: Path, text: str, why: str) -> None:
    for name, content in {"secrets": "{}", "list": "[]", "text": "the-secret"}.items():
        (folder.parent / f"{name}.json").write_text(content)
    said = refusal(folder, text)
    assert said.startswith("components/a.yaml: component ")
    assert why.replace("FOLDER", str(folder.parent)) in said
