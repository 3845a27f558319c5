"""Grows a repository that looks like a company's: files of several languages, the same bytes on every machine.

Every function is made from a template by the names of an entity and of two of its attributes, so the code can be
parsed, searched and cut into symbols, and it calls what other files define; that it means little costs no tokens less.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from rebuttal.evaluation.skill import draw

ATTRIBUTES = (
    "customer", "status", "amount", "currency", "created_at", "updated_at", "region", "channel", "reference", "owner",
    "priority", "batch", "origin", "target", "attempts", "expires_at", "version", "locale", "weight", "category",
    "partner", "checksum", "label", "parent", "sequence", "tenant", "revision", "carrier", "warehouse", "discount",
)  # fmt: skip

_PYTHON = (
    '''def find_@es_by_@a(db: Database, @a: str, limit: int = @n) -> list[@E]:
    """The newest @es whose @a is the given one."""
    rows = db.all("SELECT * FROM @es WHERE @a = ? ORDER BY id DESC LIMIT ?", (@a, limit))
    return [@E.of(row) for row in rows]
''',
    '''def group_@es_by_@a(@es: Iterable[@E]) -> dict[str, list[@E]]:
    """The @es by their @a; those without one stand under the empty text."""
    groups: dict[str, list[@E]] = {}
    for one in @es:
        groups.setdefault(str(one.@a or ""), []).append(one)
    return groups
''',
    '''def change_@a_of_@e(db: Database, @e: @E, @a: str) -> @E:
    """The @e with another @a; raises Conflict where somebody else was faster."""
    if @e.@a == @a:
        return @e
    changed = db.run(
        "UPDATE @es SET @a = ?, version = version + 1 WHERE id = ? AND version = ?",
        (@a, @e.id, @e.version),
    )
    if changed != 1:
        raise Conflict(f"the @e {@e.id} was changed by somebody else")
    log.info("the @a of @e %s was changed", @e.id)
    return replace(@e, @a=@a, version=@e.version + 1)
''',
    '''def check_@a_of_@e(@e: @E) -> list[str]:
    """What is wrong with the @a of the @e, a sentence each."""
    problems = []
    if not @e.@a:
        problems.append("the @a is missing")
    elif len(str(@e.@a)) > @n:
        problems.append("the @a is longer than @n characters")
    if @e.@b and @e.@a == @e.@b:
        problems.append("the @a must differ from the @b")
    return problems
''',
    '''def @e_@a_as_json(@e: @E) -> dict[str, object]:
    """What other services are told about the @a of the @e."""
    return {
        "id": @e.id,
        "@a": @e.@a,
        "@b": @e.@b,
        "version": @e.version,
        "links": {"self": f"/@es/{@e.id}", "@a": f"/@es/{@e.id}/@a"},
    }
''',
)

_TYPESCRIPT = (
    """export async function fetch@Es_By@A(@a_: string, limit = @n): Promise<@E[]> {
  const answer = await get(`/@es?@a=${encodeURIComponent(@a_)}&limit=${limit}`);
  return answer.items.map(to@E);
}
""",
    """export function sort@Es_By@A(@es: readonly @E[], descending = false): @E[] {
  const factor = descending ? -1 : 1;
  return [...@es].sort((one, other) => factor * compare(one.@a_, other.@a_));
}
""",
    """export function describe@A_Of@E(@e: @E, locale: string): string {
  if (@e.@a_ === undefined || @e.@a_ === null) {
    return translate(locale, '@e.@a.missing');
  }
  return translate(locale, '@e.@a.value', { value: String(@e.@a_), other: String(@e.@b_) });
}
""",
    """export function validate@A_Of@E(@e: @E): string[] {
  const problems: string[] = [];
  if (!@e.@a_) {
    problems.push('@e.@a.required');
  } else if (String(@e.@a_).length > @n) {
    problems.push('@e.@a.too-long');
  }
  if (@e.@b_ && @e.@b_ === @e.@a_) {
    problems.push('@e.@a.same-as-@b');
  }
  return problems;
}
""",
    """export function use@A_Of@E(id: number): { value: string; loading: boolean } {
  const [value, setValue] = useState('');
  const [loading, setLoading] = useState(true);
  useEffect(() => {
    let live = true;
    fetch@E(id).then((found) => {
      if (live) {
        setValue(String(found.@a_));
        setLoading(false);
      }
    });
    return () => {
      live = false;
    };
  }, [id]);
  return { value, loading };
}
""",
)

_GO = (
    """// @E_By@A returns the newest records whose @a is the given one.
func (s *@E_Store) @E_By@A(ctx context.Context, @a_ string, limit int) ([]@E, error) {
	query := "SELECT id, @a, @b FROM @es WHERE @a = $1 ORDER BY id DESC LIMIT $2"
	rows, err := s.db.QueryContext(ctx, query, @a_, limit)
	if err != nil {
		return nil, fmt.Errorf("reading @es by @a: %w", err)
	}
	defer rows.Close()
	return scan@Es(rows)
}
""",
    """// Check@A tells whether the @a may be stored.
func (e @E) Check@A() error {
	if e.@A == "" {
		return errors.New("the @a is missing")
	}
	if len(e.@A) > @n {
		return fmt.Errorf("the @a has %d characters, at most @n are stored", len(e.@A))
	}
	return nil
}
""",
    """// Count@Es_By@A counts the records for each @a.
func Count@Es_By@A(all []@E) map[string]int {
	counts := make(map[string]int, len(all))
	for _, one := range all {
		counts[one.@A]++
	}
	return counts
}
""",
    """// Handle@A answers GET /@es/@a.
func (h *@E_Handler) Handle@A(w http.ResponseWriter, r *http.Request) {
	found, err := h.store.@E_By@A(r.Context(), r.URL.Query().Get("@a"), @n)
	if err != nil {
		h.log.Error("reading @es", "error", err)
		http.Error(w, "the @es cannot be read now", http.StatusServiceUnavailable)
		return
	}
	writeJSON(w, http.StatusOK, found)
}
""",
)

_JAVA = (
    """    /** The newest records whose @a is the given one. */
    public List<@E> findBy@A(String @a_, int limit) {
        return jdbc.query(
            "SELECT * FROM @es WHERE @a = ? ORDER BY id DESC LIMIT ?", this::to@E, @a_, limit);
    }
""",
    """    /** Changes the @a; fails where somebody else was faster. */
    @Transactional
    public @E change@A(@E @e, String @a_) {
        int changed = jdbc.update(
            "UPDATE @es SET @a = ?, version = version + 1 WHERE id = ? AND version = ?",
            @a_, @e.id(), @e.version());
        if (changed != 1) {
            throw new ConflictException("the @e " + @e.id() + " was changed by somebody else");
        }
        return @e.with@A(@a_);
    }
""",
    """    /** What is wrong with the @a, a sentence each. */
    public List<String> check@A(@E @e) {
        List<String> problems = new ArrayList<>();
        if (@e.get@A() == null || @e.get@A().isBlank()) {
            problems.add("the @a is missing");
        } else if (@e.get@A().length() > @n) {
            problems.add("the @a is longer than @n characters");
        }
        return problems;
    }
""",
    """    /** The records by their @a. */
    public Map<String, List<@E>> groupBy@A(List<@E> all) {
        Map<String, List<@E>> groups = new TreeMap<>();
        for (@E one : all) {
            groups.computeIfAbsent(one.get@A(), key -> new ArrayList<>()).add(one);
        }
        return groups;
    }
""",
)

_SQL = (
    """CREATE INDEX IF NOT EXISTS @es_by_@a ON @es (@a, id DESC);
""",
    """CREATE OR REPLACE VIEW @es_per_@a AS
SELECT @a,
       count(*) AS number,
       min(id) AS first_id,
       max(id) AS last_id
FROM @es
WHERE @b IS NOT NULL
GROUP BY @a;
""",
    """ALTER TABLE @es ADD COLUMN IF NOT EXISTS @a_noted text NOT NULL DEFAULT '';
COMMENT ON COLUMN @es.@a_noted IS 'What support has noted about the @a, at most @n characters';
""",
)


@frozen
class Language:
    """How files of a language are made."""

    suffix: str
    head: str
    chunks: tuple[str, ...]
    foot: str = ""


LANGUAGES: Mapping[str, Language] = {
    "python": Language(
        ".py",
        '"""@E: how it is found, checked, changed and told to others."""\n\nfrom __future__ import annotations\n\n'
        "import logging\nfrom collections.abc import Iterable\nfrom dataclasses import replace\n\n"
        "from platform_core.database import Conflict, Database\nfrom platform_core.models import @E\n\n"
        "log = logging.getLogger(__name__)\n\n",
        _PYTHON,
    ),
    "typescript": Language(
        ".ts",
        "import { useEffect, useState } from 'react';\n\nimport { compare, get, translate } from '../core';\n"
        "import { @E, fetch@E, to@E } from '../models/@e';\n",
        _TYPESCRIPT,
    ),
    "tsx": Language(
        ".tsx",
        "import { useEffect, useState } from 'react';\n\nimport { compare, get, translate } from '../core';\n"
        "import { @E, fetch@E, to@E } from '../models/@e';\n",
        _TYPESCRIPT,
    ),
    "go": Language(
        ".go",
        'package @e\n\nimport (\n\t"context"\n\t"errors"\n\t"fmt"\n\t"net/http"\n\t"time"\n)\n',
        _GO,
    ),
    "java": Language(
        ".java",
        "package org.example.@e;\n\nimport java.util.ArrayList;\nimport java.util.List;\nimport java.util.Map;\n"
        "import java.util.TreeMap;\n\npublic class @E_Store {\n",
        _JAVA,
        "}\n",
    ),
    "sql": Language(".sql", "-- What is kept of @es.\n", _SQL),
}


@frozen
class Grown:
    """One file, in pieces: a change puts something between them, or in the place of one."""

    path: str
    head: str
    chunks: tuple[str, ...]
    foot: str

    @property
    def text(self) -> str:
        return self.head + "".join(f"\n{one}" for one in self.chunks) + self.foot

    def with_insert(self, insert: str, at: int) -> str:
        """The file with `insert` in the place of the piece number `at`."""
        kept = [*self.chunks[:at], insert.strip("\n") + "\n", *self.chunks[at + 1 :]]
        return self.head + "".join(f"\n{one}" for one in kept) + self.foot


def grow(path: str, language: str, entity: str, lines: int) -> Grown:
    """A file of about so many lines. `entity`: in snake case, its plural is formed with an s."""
    kind = LANGUAGES[language]
    chunks: list[str] = []
    length = kind.head.count("\n")
    for chunk in _chunks(kind.chunks, path, entity):
        if length >= lines:
            break
        chunks.append(chunk)
        length += chunk.count("\n") + 1
    return Grown(path, _named(kind.head, entity, "", "", 0), tuple(chunks), kind.foot)


def _chunks(templates: Sequence[str], path: str, entity: str) -> Iterator[str]:
    """The first attribute is always the same, so that other files know what is there to be called."""
    others = sorted(ATTRIBUTES[1:], key=lambda one: draw(path, one))
    for number, attribute in enumerate((ATTRIBUTES[0], *others)):
        beside = others[(number + 7) % len(others)]
        for template in templates:
            yield _named(template, entity, attribute, beside, 10 + int(draw(path, attribute, template[:40]) * 240))


def _named(template: str, entity: str, attribute: str, beside: str, number: int) -> str:
    """`@E_`, `@Es_` and `@A_` end before the underscore: it only keeps the name apart from what follows."""
    for mark, name in (
        ("@Es_", f"{_pascal(entity)}s"),
        ("@E_", _pascal(entity)),
        ("@A_", _pascal(attribute)),
        ("@a_noted", f"{attribute}_noted"),
        ("@a_of_", f"{attribute}_of_"),
        ("@a_", _camel(attribute)),
        ("@b_", _camel(beside)),
        ("@es_", f"{entity}s_"),
        ("@e_", f"{entity}_"),
        ("@E", _pascal(entity)),
        ("@e", entity),
        ("@A", _pascal(attribute)),
        ("@a", attribute),
        ("@b", beside),
        ("@n", str(number)),
    ):
        template = template.replace(mark, name)
    return template


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _camel(name: str) -> str:
    whole = _pascal(name)
    return whole[:1].lower() + whole[1:]
