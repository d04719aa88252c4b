"""Samples made into programs that serve: where their files go, and how they are built and started.

What is added is the least that a reader has to add: a page in the folder that the program serves,
a file for each public class, and where a sample is but functions, a program that calls them.
"""

import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.programs import cached, command
from tests.conftest import require
from tests.integrations.documents.documents import Sample
from tests.integrations.world import Program, World

HERE = Path(__file__).parent
JAVA = ("javac", "-nowarn", "-encoding", "UTF-8", "-parameters")
_CLASS = re.compile(r"^public class (\w+)", re.MULTILINE)
_FLASK = """\
from pathlib import Path

import flask
import {module}

app = flask.Flask(__name__)
app.add_url_rule("/", "page", lambda: Path("templates/index.html").read_text())
app.add_url_rule("/{path}", "asked", {module}.{function})
app.run(port=8000)
"""
_SPRING = """\
package {package};

@org.springframework.boot.autoconfigure.SpringBootApplication
public class Main {{
    public static void main(String[] words) {{
        org.springframework.boot.SpringApplication.run(Main.class, words);
    }}
}}
"""


@dataclass(frozen=True)
class Place:
    """Where a sample is to serve: its world, a folder of its own, its page and its variables."""

    world: World
    folder: Path
    page: str
    environment: Mapping[str, str]

    def serve(self, language: str, sample: Sample, **more: str) -> Program:
        """The sample, serving its page; it ends with `Program.stop`."""
        return _SERVERS[language](self, sample, **more)

    def put_page(self, path: str) -> None:
        """Put the page where the sample looks for it."""
        self.add(path, self.page, shown=f"the page, {len(self.page)} characters")

    def add(self, path: str, text: str, shown: str = "") -> Path:
        """Put a file beside the sample that no document prints, and tell so."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        print(f"added {path}: {shown or text}")
        return place

    def start(self, words: list[str], port: int) -> Program:
        """Start the program."""
        return Program(self.world, words, self.folder, self.environment).start(port)


def node(place: Place, sample: Sample) -> Program:
    """Node.js, with the packages that the documents name."""
    require("npm", shutil.which("npm") is not None, "apt install nodejs npm")
    place.put_page("templates/index.html")
    sample.write(place.folder / "index.js")
    (place.folder / "node_modules").symlink_to(node_modules())
    return place.start(["node", "index.js"], 8000)


def node_modules() -> Path:
    """The installed packages."""
    files = [HERE / "node" / "package.json", HERE / "node" / "package-lock.json"]

    def build(folder: Path) -> None:
        for path in files:
            shutil.copy(path, folder)
        command(folder, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")

    return cached("samples_node", files, build) / "node_modules"


def python(place: Place, sample: Sample, path: str, function: str) -> Program:
    """Functions, called by a program of Flask."""
    place.put_page("templates/index.html")
    sample.write(place.folder / "sample.py")
    told = _FLASK.format(module="sample", path=path, function=function)
    place.add("serve.py", told)
    return place.start([sys.executable, "serve.py"], 8000)


def flask(place: Place, sample: Sample) -> Program:
    """A whole program of Flask."""
    place.put_page("templates/index.html")
    sample.write(place.folder / "app.py")
    return place.start([sys.executable, "app.py"], 8000)


def go(place: Place, sample: Sample, port: str = "8080") -> Program:
    """Go, built with the modules in go.mod."""
    require("go", shutil.which("go") is not None, "apt install golang-go")
    place.put_page("templates/index.html")
    main = sample.write(place.folder / "main.go")
    files = [HERE / "go" / "go.mod", HERE / "go" / "go.sum", main]

    def build(folder: Path) -> None:
        for path in files:
            shutil.copy(path, folder)
        command(folder, "go", "build", "-o", "sample", ".")

    built = cached("sample_go", files, build)
    return place.start([str(built / "sample")], int(port))


def java(place: Place, sample: Sample) -> Program:
    """Java, in a Spring Boot application."""
    place.put_page("static/index.html")
    sample.write(place.folder / "printed.java")
    files, package = java_files(sample)
    print("sts20150401 1.1.4, the newest that can be had; Spring Boot 2.7.18")
    paths = [
        place.add(f"src/{name}", text, shown="the sample's class, in its package")
        for name, text in files.items()
    ]
    main = _SPRING.format(package=package)
    paths.append(place.add(f"src/{package.replace('.', '/')}/Main.java", main))
    library = java_library()

    def build(folder: Path) -> None:
        command(folder, *JAVA, "-cp", f"{library}/*", "-d", str(folder), *map(str, paths))

    classes = cached("sample_java", paths, build)
    path = f"{place.folder}:{classes}:{library}/*"
    words = ["java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", path, f"{package}.Main"]
    return place.start(words, 8080)


def java_library() -> Path:
    """The folder of the jars that the samples need."""
    found = all(map(shutil.which, ("javac", "mvn")))
    require("Java and Maven", found, "apt install default-jdk-headless maven")
    pom = HERE / "java" / "pom.xml"

    def build(folder: Path) -> None:
        shutil.copy(pom, folder)
        words = ("dependency:copy-dependencies", "-DoutputDirectory=lib", "-DincludeScope=runtime")
        command(folder, "mvn", "-B", "-q", *words)

    return cached("samples_java", [pom], build) / "lib"


def java_files(sample: Sample) -> tuple[dict[str, str], str]:
    """A file for each public class, in the package that the imports name; and the first's."""
    head, *classes = re.split(r"^(?=@\w+\npublic class)", sample.text, flags=re.MULTILINE)
    printed = re.match(r"package (\S+);\n", head)
    names = [found[1] for text in classes if (found := _CLASS.search(text))]
    imported = {
        name: found[1]
        for name in names
        if (found := re.search(rf"^import (\S+)\.{name};", head, re.M))
    }
    above = next((package.rpartition(".")[0] for package in imported.values()), "sample")
    package = printed[1] if printed else above
    files = {}
    for name, text in zip(names, classes, strict=True):
        place = imported.get(name, package)
        first = "" if printed else f"package {place};\n"
        files[f"{place.replace('.', '/')}/{name}.java"] = first + head + text
    return files, package


def php(place: Place, sample: Sample, path: str) -> Program:
    """PHP's own server; the folder's name is the page's address."""
    require("php", shutil.which("php") is not None, "apt install php-cli")
    place.put_page("index.html")
    sample.write(place.folder / path / "index.php")
    return place.start(["php", "-S", "127.0.0.1:8000"], 8000)


def ruby(place: Place, sample: Sample) -> Program:
    """Sinatra."""
    require("ruby", shutil.which("ruby") is not None, "apt install ruby ruby-sinatra ruby-webrick")
    place.put_page("templates/index.html")
    sample.write(place.folder / "app.rb")
    return place.start(["ruby", "app.rb"], 8000)


_SERVERS = {
    "Node.js": node, "Python": python, "Flask": flask, "Go": go, "Java": java, "PHP": php,
    "Ruby": ruby,
}  # fmt: skip
