"""Functions and files stay small enough to be read at one sitting."""

from statistics import median

import lizard

from tests.house.source import files, name_of

LINES_MAX, COMPLEXITY_MAX = 70, 10
FILE_MAX, FILE_MEDIAN_MAX = 500, 150


def test_functions_are_short_and_simple() -> None:
    too_big = [
        f"{name_of(path)}: {function.name} has {function.length} lines and complexity"
        f" {function.cyclomatic_complexity}"
        for path in files()
        for function in lizard.analyze_file(str(path)).function_list
        if function.length > LINES_MAX or function.cyclomatic_complexity > COMPLEXITY_MAX
    ]
    assert too_big == []


def test_files_are_short() -> None:
    sizes = {name_of(path): len(path.read_text().splitlines()) for path in files()}
    assert [name for name, size in sizes.items() if size > FILE_MAX] == []
    assert median(sizes.values()) <= FILE_MEDIAN_MAX
