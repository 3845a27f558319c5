"""C++: member functions of variables whose class is written where they are declared."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Review, callers, of

HEADER = """#include <string>

namespace db {

class Base {
public:
    virtual int id() const = 0;
};

class Disk : public Base {
public:
    int id() const override;
    int size() const;
    void put(const std::string& key);
};

class Net {
public:
    int size() const;
    void put(const std::string& key);
};

int level(int of);

}  // namespace db
"""
CODE = """#include "db.hpp"

namespace db {

int Disk::id() const { return 1; }

int Disk::size() const { return 2; }

void Disk::put(const std::string& key) { (void)key; }

int level(int of) { return of; }

}  // namespace db
"""
NET = '#include "db.hpp"\n\nint db::Net::size() const { return 0; }\n\nvoid db::Net::put(const std::string& key) {}\n'


def project(body: str) -> dict[str, str]:
    user = f'#include "db.hpp"\n\nusing db::Disk;\n\n{body}\n'
    return {"src/db.hpp": HEADER, "src/db.cpp": CODE, "src/net.cpp": NET, "src/main.cpp": user}


GONE = {
    "src/db.hpp": HEADER.replace("    int size() const;\n    void", "    void", 1),
    "src/db.cpp": CODE.replace("int Disk::size() const { return 2; }\n\n", ""),
}
MORE = {
    "src/db.hpp": HEADER.replace("key);", "key, int age);", 1),
    "src/db.cpp": CODE.replace("key) {", "key, int age) {"),
}


@pytest.mark.parametrize(
    "body",
    [
        "int main() { db::Disk disk; return disk.size(); }",
        "int run(int a, const Disk& disk) { return disk.size(); }",
        "int run(db::Disk* disk) { return disk->size(); }",
        "int run() { auto disk = std::make_unique<db::Disk>(); return disk->size(); }",
        "int run(std::shared_ptr<Disk> disk) { return disk->size(); }",
    ],
)
def test_a_member_that_is_gone_is_missed_where_the_class_is_declared(review: Review, body: str) -> None:
    (found,) = of(review(project(body), GONE), "impact:removed")
    assert [path for path, _ in callers(found)] == ["src/main.cpp"]


@pytest.mark.parametrize(
    "body",
    [
        "int main() { db::Net disk; return disk.size(); }",
        "int run(const other::Disk& disk) { return disk.size(); }",
        "int run(std::unique_ptr<Disk> disk) { return disk.size(); }",
        "int run(std::vector<Disk> disk) { return disk.size(); }",
        "int run(Disk disk[2]) { return disk.size(); }",
        "int run() { Disk disk; for (auto& disk : all()) { disk.size(); } return 0; }",
        "int run() { auto disk = make(); return disk.size(); }",
        "class Disk { public: int size(); };\nint run(Disk disk) { return disk.size(); }",
    ],
)
def test_a_member_of_another_or_an_unknown_class_is_not_missed(review: Review, body: str) -> None:
    assert of(review(project(body), GONE), "impact:removed") == []


@pytest.mark.parametrize("base", ["unseen::Base", "Base2"])
def test_a_member_that_a_base_may_give_is_not_missed(review: Review, base: str) -> None:
    files = project("int main() { db::Disk disk; return disk.size(); }")
    more = "class Base2 {\npublic:\n    int size() const;\n};\n\n"
    before = {**files, "src/db.hpp": HEADER.replace("class Disk : public Base", f"{more}class Disk : public {base}")}
    after = {**GONE, "src/db.hpp": before["src/db.hpp"].replace("    int size() const;\n    void", "    void", 1)}
    assert of(review(before, after), "impact:removed") == []


def test_a_call_that_does_not_fit_is_found_by_the_declared_class(review: Review) -> None:
    body = 'int main() { db::Disk disk; disk.put("a"); db::Net net; net.put("a"); return 0; }'
    (found,) = of(review(project(body), MORE), "impact:signature")
    assert len(callers(found)) == 1


def test_a_default_that_only_the_declaration_has_counts(review: Review) -> None:
    files = project("int main() { return db::level(1); }")
    code = CODE.replace("level(int of)", "level(int of, int most)")
    sound = {"src/db.cpp": code, "src/db.hpp": HEADER.replace("level(int of)", "level(int of, int most = 9)")}
    assert of(review(files, sound), "impact:") == []


def test_without_the_default_the_call_is_told(review: Review) -> None:
    files = project("int main() { return db::level(1); }")
    code = CODE.replace("level(int of)", "level(int of, int most)")
    wrong = {"src/db.cpp": code, "src/db.hpp": HEADER.replace("level(int of)", "level(int of, int most)")}
    (found,) = of(review(files, wrong), "impact:signature")
    assert callers(found) == [("src/main.cpp", 5)]
