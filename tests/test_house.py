"""What README.md and CONTRIBUTING.md promise is there, and what is installed holds what it needs."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import address

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "CONTRIBUTING.md"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HEAVY = "matplotlib sacrebleu bertviz transformers tokenizers safetensors tensorboard IPython ipywidgets"
# A place on one machine, unless it stands within base64.
MACHINE = re.compile(rb"(?<![\w+/=.:-])/(?:home|root|Users|tmp|work|opt)/\w")


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def run(*command, cwd=ROOT, **options):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", **options)
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}{done.stderr}"
    return done.stdout


def ours():
    """The files of the project: those that git knows, or would take."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone: which files are the project's own, only git knows")
    names = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return [path for path in (ROOT / name for name in names if name) if path.is_file()]


@pytest.mark.parametrize("page", PAGES)
def test_every_make_command_on_the_page_exists(page):
    targets = set(re.findall(r"^([a-z-]+):.*## ", read("Makefile"), re.M))
    commands = set(re.findall(r"(?:^|`)make ([a-z-]+)", read(page), re.M))
    assert commands and commands <= targets, f"{page} speaks of make {commands - targets}"


def test_the_page_for_users_names_every_make_command():
    targets = set(re.findall(r"^([a-z-]+):.*## ", read("Makefile"), re.M))
    pages = read("README.md") + read("CONTRIBUTING.md")
    assert {target for target in targets if f"make {target}" not in pages} == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_verb_of_the_command_line_on_the_page_exists(page):
    verbs = set(re.findall(r"python -m seqcourse ([a-z]+)", read(page)))
    known = run(sys.executable, "-m", "seqcourse", "--help")
    assert {verb for verb in verbs if not re.search(rf"^ +{verb}\b", known, re.M)} == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_file_linked_on_the_page_exists(page):
    links = re.findall(r"\]\(([^)\s#]+)[^)]*\)|<img[^>]*src=\"([^\"]+)\"", read(page))
    files = {link for pair in links for link in pair if link and "://" not in link}
    assert files
    others = {file for file in files if not file.endswith(".ipynb")}  # test_notebooks.py looks after those
    assert {file for file in others if not (ROOT / file).exists()} == set()


def test_a_page_that_knows_its_address_can_be_told_another():
    assert address.rewritten(ROOT, "ada/first-test", "main")[ROOT / "README.md"].count("ada/first-test") == 2


def test_contributing_shows_the_set_up_cell_that_the_rules_demand():
    assert address.SETUP in read("CONTRIBUTING.md") and address.NO_BADGE in read("CONTRIBUTING.md")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_package_and_data_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {path.relative_to(ROOT).as_posix() for path in ours()}
    data = {f"seqcourse/{name}" for name in wanted if name.startswith("data/")}
    assert data and data <= names, f"not in the wheel: {sorted(data - names)}"
    assert {name for name in wanted if name.startswith("seqcourse/")} <= names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"seqcourse"}


def test_an_installed_wheel_finds_its_data(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path)
    program = "from seqcourse.shipped import shipped; print(shipped('fonts'))"
    found = run(sys.executable, "-c", program, cwd=tmp_path)  # the folder it runs in comes before the clone
    assert Path(found.strip()) == tmp_path.resolve() / "seqcourse" / "data" / "fonts"


def requirements():
    project = PROJECT["project"]
    groups = [
        project["dependencies"],
        *project["optional-dependencies"].values(),
        PROJECT["build-system"]["requires"],
    ]
    return [Requirement(line) for group in groups for line in group if not line.startswith("seqcourse[")]


def test_versions_have_lower_bounds_only():
    assert {clause.operator for wanted in requirements() for clause in wanted.specifier} == {">="}
    assert all(wanted.specifier for wanted in requirements())
    assert re.fullmatch(r">=3\.\d+", PROJECT["project"]["requires-python"])


def test_everything_wanted_is_pinned_to_a_version_that_will_do():
    pins = [Requirement(line) for line in read("constraints.txt").splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"==[\w.]+", str(pin.specifier)) for pin in pins), (
        "exact versions, no local ones (+cpu)"
    )
    versions = {canonicalize_name(pin.name): str(pin.specifier)[2:] for pin in pins}
    for wanted in requirements():
        assert wanted.specifier.contains(versions[canonicalize_name(wanted.name)]), str(wanted)


@pytest.mark.parametrize("module", ["seqcourse", "seqcourse.transformer", "seqcourse.translator"])
def test_importing_loads_nothing_heavy_and_does_nothing(module, tmp_path):
    program = f"import sys, {module}; print(*({set(HEAVY.split())} & set(sys.modules)))"
    assert run(sys.executable, "-c", program, cwd=tmp_path).strip() == ""
    assert not list(tmp_path.iterdir())


def test_environment_yml_takes_python_from_conda_forge_and_the_rest_from_pip():
    environment = yaml.safe_load(read("environment.yml"))
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    python, pip, rest = environment["dependencies"]
    assert Marker("python_version >= '3.11' and python_version <= '3.13'").evaluate(
        {"python_version": python.removeprefix("python=")}
    )
    assert pip == "pip" and {"-c constraints.txt", "-e .[dev]"} <= set(rest["pip"])


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github/workflows").glob("*.yml")), ids=lambda path: path.stem
)
def test_a_workflow_is_complete(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["name"] and workflow[True]  # "on" reads as true in YAML
    for job in workflow["jobs"].values():
        assert job["runs-on"] and job["timeout-minutes"] <= 60
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step)
            for target in re.findall(r"make ([a-z-]+)", step.get("run", "")):
                assert re.search(rf"^{target}:", read("Makefile"), re.M)


def test_the_main_workflow_tests_three_systems_and_both_ends_of_python():
    jobs = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]
    assert jobs["cpu"]["strategy"]["matrix"] == {
        "os": ["ubuntu-latest", "macos-latest", "windows-latest"],
        "python": ["3.11", "3.13"],
    }
    assert jobs["gpu"]["runs-on"] == "${{ vars.GPU_RUNNER }}" and "vars.GPU_RUNNER" in jobs["gpu"]["if"]


def test_text_is_utf8_with_plain_line_ends_and_names_no_place_on_a_machine():
    for path in ours():
        content = path.read_bytes()
        if b"\0" in content:
            continue  # no text
        name = path.relative_to(ROOT).as_posix()
        content.decode("utf-8")
        assert not content.startswith(b"\xef\xbb\xbf"), f"{name} starts with a byte-order mark"
        assert b"\r" not in content and content[-1:] in (b"", b"\n"), f"{name}: every line ends with \\n"
        if not name.startswith("tests/"):
            assert not MACHINE.search(content), f"{name} names a place: {MACHINE.search(content)[0]}"
