"""What `scripts/install` and the package put on a machine: the configuration, the manual, completion, the changelog."""

import json
import os
import re
import subprocess

import pytest

from harness.cluster import REPOSITORY
from harness.scripts import run_script
from harness.server import BINARY, environment

CONFIGURATION = "etc/ccs-jobstore/ccs-jobstore.json5"


def install(root):
    result = run_script("install", "--binary", BINARY, "--root", root)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    root = tmp_path_factory.mktemp("installation")
    install(root)
    return root


def printed(*arguments):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=60, check=True).stdout


def manual(installation, name):
    text = (installation / f"usr/share/man/man{name[-1]}/{name}").read_text()
    return text.replace("\\-", "-").replace("\\(aq", "'")


def test_the_manual_has_every_command_with_its_options(installation):
    page = manual(installation, "ccs-jobstore.8")
    commands = re.findall(r"^  (\w[\w-]*(?: [\w-]+)?)  ", printed("--help").split("\nOptions\n")[0], re.MULTILINE)
    assert len(commands) > 15
    for command in set(commands) - {"help"}:
        section = page.split(f'\n.SS "{command}"\n')[1].split("\n.S")[0]
        for option in re.findall(r"^  (--[\w-]+)", printed("help", *command.split()), re.MULTILINE):
            assert f".B {option}" in section or f".B {option}" in page.split("\n.SH OPTIONS\n")[1]


def test_the_manual_of_the_configuration_has_every_key_with_its_default(installation):
    page = manual(installation, "ccs-jobstore.json5.5")
    section, keys = None, 0
    for line in (installation / CONFIGURATION).read_text().splitlines():
        if opening := re.match(r"  (\w+): \{", line):
            section = opening[1]
        elif key := re.match(r"    //(\w+): (.*),", line):
            keys += 1
            text = page.split(f"\n.B {section}.{key[1]}\n")[1].split("\n")[0]
            assert text.endswith(f"Default: {key[2]}.")
    assert keys > 50


def test_the_manual_of_the_import_has_every_list(installation):
    page = manual(installation, "ccs-jobstore-directory.5")
    sample = (installation / "usr/share/doc/ccs-jobstore/examples/demo-directory.json5").read_text()
    lists = re.findall(r"^  (\w+): \[", sample, re.MULTILINE)
    assert len(lists) >= 8
    # As a heading, in capitals, or as a list of its own.
    assert [name for name in lists if not re.search(rf'^\.(SH "|B ){name}', page, re.MULTILINE | re.IGNORECASE)] == []


@pytest.mark.parametrize(
    "words, choices",
    [
        (["us"], ["users"]),
        (["users", "set"], ["set-password"]),
        (["help", "directory", ""], ["import"]),
        (["users", "add", "--no"], ["--no-password"]),
        (["users", "add", "DOMAIN\\ann", "--role", "R", "--js"], ["--json"]),
        (["users", "add", ""], []),
    ],
)
def test_bash_completes_commands_and_options(installation, words, choices):
    script = (
        f"source {installation}/usr/share/bash-completion/completions/ccs-jobstore\n"
        'COMP_WORDS=(ccs-jobstore "$@") COMP_CWORD=$#\n'
        '_ccs_jobstore ccs-jobstore "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"\n'
        '[ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\\n" "${COMPREPLY[@]}"'
    )
    result = subprocess.run(
        ["bash", "-c", script, "bash", *words],
        env=environment(PATH=f"{installation}/usr/bin:{os.environ['PATH']}"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.stderr == ""
    assert result.stdout.split() == choices


def test_a_second_installation_keeps_an_edited_configuration(tmp_path):
    install(tmp_path)
    configuration = tmp_path / CONFIGURATION
    sample = configuration.read_text()
    edited = sample.replace("//port: 12431", "port: 12432")
    configuration.write_text(edited)
    assert "was changed and stays" in install(tmp_path)
    assert configuration.read_text() == edited
    assert configuration.with_name("ccs-jobstore.json5.new").read_text() == sample
    configuration.write_text(sample)
    assert "was changed" not in install(tmp_path)
    assert not configuration.with_name("ccs-jobstore.json5.new").exists()


def test_the_changelog_of_the_package_begins_with_the_version_of_the_program():
    version = json.loads(printed("version", "--json"))["Version"]
    result = subprocess.run(
        [REPOSITORY / "scripts/lib/build-debian-changelog", f"{version}-1", REPOSITORY / ".github/CHANGELOG.md"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert result.stdout.startswith(f"ccs-jobstore ({version}-1) bookworm; urgency=medium\n")
    assert re.search(r"^ -- .* <.*>  \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}$", result.stdout, re.MULTILINE)
