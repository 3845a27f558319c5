"""Files that are not UTF-8: read by what names their encoding, else by a guess that is told."""

from __future__ import annotations

import pytest

from rebuttal.change.decode import BINARY, NOT_UTF8, NotText, codec_of, decode
from rebuttal.change.model import Hunk
from rebuttal.change.read import read_change
from rebuttal.change.scope import parse_scope
from tests.change.test_read import change_of, reasons, statuses
from tests.gitrepo import GitRepo

WORDS = {
    "cp1252": "# Größe der Übertragung prüfen, früher übergangen\nx = 1\n",
    "cp1251": "# Проверка размера\nprint('Ошибка чтения файла')\n",
    "koi8_r": "# Проверка размера\nprint('Ошибка чтения файла')\n",
    "cp1253": "# Έλεγχος μεγέθους αρχείου\nx = 1\n",
    "cp932": "# ファイルを読み込む関数\ndef f():\n    print('表示する')\n",
    "euc_jp": "# ファイルを読み込む関数\ndef f():\n    print('表示する')\n",
    "gb18030": "# 读取文件的函数\ndef f():\n    print('错误：无法打开文件')\n",
    "cp949": "# 파일을 읽는 함수\ndef f():\n    print('오류가 발생했습니다')\n",
    "big5": "# 讀取檔案的函數\ndef f():\n    print('錯誤')\n",
}


@pytest.mark.parametrize("codec", WORDS)
def test_a_file_that_names_no_encoding_is_reviewed_and_the_guess_is_told(git_repo: GitRepo, codec: str) -> None:
    old, new = WORDS[codec], WORDS[codec] + "y = 2\n"
    git_repo.commit("base", {"a.py": old.encode(codec)})
    git_repo.write("a.py", new.encode(codec))
    change = change_of(git_repo)
    (diff,) = change.files
    assert (diff.old_text, diff.new_text) == (old, new)
    assert diff.hunks == (Hunk(old.count("\n"), 0, old.count("\n"), 1),)
    assert change.notes == (
        f"a.py was read as {diff.encoding} (assumed: the bytes are not UTF-8 and name no encoding).",
    )
    assert codec_of(diff.encoding) == codec


@pytest.mark.parametrize(
    ("path", "head", "named"),
    [
        ("a.py", "# -*- coding: iso-8859-15 -*-\n", "iso-8859-15"),
        ("b.py", "#!/usr/bin/python\n# vim: set fileencoding=iso-8859-15 :\n", "iso-8859-15"),
        ("c.rb", "# encoding: ISO-8859-15\n", "iso-8859-15"),
        ("d.xml", '<?xml version="1.0" encoding="ISO-8859-15"?>\n', "iso-8859-15"),
        ("e.css", '@charset "iso-8859-15";\n', "iso-8859-15"),
        ("f.html", '<html><head><meta charset="iso-8859-15">\n', "iso-8859-15"),
        ("g.html", '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">\n', "koi8-r"),
    ],
)
def test_an_encoding_that_the_file_names_is_taken(git_repo: GitRepo, path: str, head: str, named: str) -> None:
    euro = "Ц\n" if named == "koi8-r" else "\u20ac\n"
    git_repo.commit("base", {path: head.encode()})
    git_repo.write(path, (head + euro).encode(named))
    change = change_of(git_repo)
    assert (change.files[0].new_text, change.files[0].encoding) == (head + euro, named)
    assert change.notes == ()


@pytest.mark.parametrize("name", ["UTF-16LE", "UTF-16LE-BOM", "UTF-16", "SHIFT-JIS", "ISO-8859-1"])
def test_working_tree_encoding_is_read_as_git_stores_it(git_repo: GitRepo, name: str) -> None:
    text = "x = '\u00e9'\n" if name == "ISO-8859-1" else "x = '\u8868'\n"
    codec = "utf-16-le" if name.endswith("BOM") else name
    mark = b"\xff\xfe" if name.endswith("BOM") else b""
    git_repo.commit("attributes", {".gitattributes": f"*.txt text working-tree-encoding={name}\n"})
    git_repo.commit("base", {"a.txt": mark + text.encode(codec), "same.txt": mark + text.encode(codec)})
    assert git_repo.git("show", "HEAD:a.txt") == text.rstrip("\n")
    git_repo.write("a.txt", mark + (text + "y = 2\n").encode(codec))
    git_repo.write("same.txt", mark + text.encode(codec))
    change = change_of(git_repo)
    assert {diff.path: (diff.old_text, diff.new_text) for diff in change.files} == {"a.txt": (text, text + "y = 2\n")}
    assert (change.skipped, change.notes) == ((), ())


def test_working_tree_encoding_counts_only_as_the_base_has_it(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "import os\nprint(1)\n"})
    git_repo.write(".gitattributes", "*.py working-tree-encoding=UTF-16LE\n")
    git_repo.write("a.py", "import os\nos.system('evil')\n")
    diff = change_of(git_repo).file("a.py")
    assert diff is not None
    assert diff.new_text == "import os\nos.system('evil')\n"


@pytest.mark.parametrize(
    "name",
    ["zip", "bz2", "rot13", "unicode_escape", "utf-7", "idna", "cp037", "this", "../x", "x" * 5000, "antigravity"],
)
def test_an_odd_codec_is_never_looked_up(git_repo: GitRepo, name: str) -> None:
    assert codec_of(name, wide=True) is None
    git_repo.commit("base", {".gitattributes": f"*.py working-tree-encoding={name}\n"})
    git_repo.write("a.py", f"# coding: {name}\n".encode() + b"# caf\xe9\n")
    change = change_of(git_repo)
    assert change.files[0].new_text == f"# coding: {name}\n# caf\u00e9\n"
    assert change.files[0].encoding == "windows-1252"


def test_both_sides_are_guessed_alike(git_repo: GitRepo) -> None:
    long, short = WORDS["cp932"] * 3, "# 表示\n"
    git_repo.commit("base", {"a.py": short.encode("cp932")})
    git_repo.write("a.py", (short + long).encode("cp932"))
    diff = change_of(git_repo).files[0]
    assert (diff.old_text, diff.new_text) == (short, short + long)
    assert diff.hunks == (Hunk(1, 0, 1, 9),)


def test_from_one_encoding_to_another_only_what_is_different_is_changed(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "# caf\xe9\nx = 1\n".encode("cp1252"), "b.py": b"# caf\xe9\n"})
    git_repo.write("a.py", "# caf\xe9\nx = 2\n")
    git_repo.write("b.py", "# caf\xe9\n")
    change = change_of(git_repo)
    assert change.files[0].hunks == (Hunk(1, 1, 1, 1),)
    assert change.notes == (
        "a.py was read as windows-1252 before and utf-8 after (assumed: the bytes are not UTF-8 and name no encoding).",
    )
    assert reasons(change) == {"b.py": "only its encoding or its byte order mark changed"}


def test_one_note_names_a_few_of_many_files(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"z.py": "1\n"})
    for number in range(5):
        git_repo.write(f"f{number}.txt", b"caf\xe9\n")
    (note,) = change_of(git_repo).notes
    assert note.startswith("f0.txt, f1.txt, f2.txt and 2 more were read as windows-1252 (assumed")


def test_a_buffer_whose_editor_lost_the_letters_changes_only_what_was_typed(git_repo: GitRepo) -> None:
    data = "# caf\xe9\nx = 1\n# th\xe9\n".encode("cp1252")
    git_repo.commit("base", {"a.py": data})
    shown = data.decode("utf-8", "replace")
    with read_change(
        git_repo.root, parse_scope("working"), buffers={"a.py": shown.replace("x = 1", "x = 2")}
    ) as reading:
        (diff,) = reading.change.files
        assert diff.hunks == (Hunk(1, 1, 1, 1),)
    with read_change(git_repo.root, parse_scope("working"), buffers={"a.py": data.decode("cp1252")}) as reading:
        assert reading.change.files == ()


def test_bytes_that_are_no_text_stay_skipped(git_repo: GitRepo) -> None:
    for data, reason in (
        (b"\x89PNG\r\n\x1a\n\xff\xfe", BINARY),
        (b"a\x00b", BINARY),
        (b"x\x81y\n", NOT_UTF8),
        (b"\xff\xfe\x00", NOT_UTF8),
    ):
        with pytest.raises(NotText, match=reason):
            decode(data)
    git_repo.commit("base", {"a.txt": "1\n"})
    git_repo.write("a.txt", b"x\x81y\n")
    change = change_of(git_repo)
    assert (statuses(change), reasons(change)) == ({}, {"a.txt": NOT_UTF8})


def test_other_files_of_the_repository_are_read_alike(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "1\n", "lib.py": WORDS["cp932"].encode("cp932")})
    with read_change(git_repo.root, parse_scope("working")) as reading:
        assert reading.repository.old.read("lib.py") == WORDS["cp932"]
        assert reading.repository.new.read("lib.py") == WORDS["cp932"]


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("cp1250", "x = 'żółw'\n"),
        ("cp1250", "x = 'zażółć gęślą jaźń'\n"),
        ("cp1254", "x = 'şişe ığdır'\n"),
        ("cp1252", "x = '¿Qué? naïve, déjà, Größe £5 25°C 3 m² don\u2019t'\n"),
        ("cp1252", "# Þetta er íslenska og það er ágætt\n"),
        ("cp1251", "# привет мир это текст\n"),
    ],
)
def test_short_text_of_other_scripts_and_code_pages_was_read_as_western(codec: str, text: str) -> None:
    assert decode(text.encode(codec)).text == text


def test_a_note_of_two_encodings_for_a_base_of_plain_ascii_told_of_a_change_that_is_none(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "x = 1\n"})
    git_repo.write("a.py", b"x = 'caf\xe9'\n")
    assert change_of(git_repo).notes == (
        "a.py was read as windows-1252 (assumed: the bytes are not UTF-8 and name no encoding).",
    )
