"""Which of ruff's rules speak in a review, and how loudly.

Chosen by hand: faults of correctness, security, performance and async code that a maintainer would want to hear
about. Style, and rules that are mostly wrong or mostly shrugged at (unused imports, `subprocess` calls as such,
`random`, naive dates), are left to the project's own linter. Titles and reasons are ours; facts are ruff's.
"""

from __future__ import annotations

from attrs import frozen

from rebuttal.evidence.folders import MAY_WAIT
from rebuttal.evidence.seats import CODE, PERFORMANCE, SECURITY
from rebuttal.findings.model import Category, Certainty
from rebuttal.findings.severity import Severity


@frozen
class RuffRule:
    """How one of ruff's rules is reported."""

    code: str
    severity: Severity
    title: str
    why: str
    """Completes the sentence that ruff's own message begins."""
    confidence: Certainty = "certain"
    category: Category = "correctness"
    seat: str = CODE
    in_tests: bool = False
    """Whether it speaks in test files too, where deliberate faults are common."""
    only_near: str | None = None
    """A regular expression that the line must match (in any case): without it the rule is mostly shrugged at."""
    anywhere: bool = False
    """Whether a change to other lines can cause it: then it is reported wherever it is new."""
    unless: str | None = None
    """A regular expression of lines on which it is meant."""
    not_in: str | None = None
    """A regular expression of paths where it does no harm."""
    together: bool = False
    """Whether all of a file are one finding: they have one cause, and one reading is enough."""


def _high(code: str, title: str, why: str, **more: bool) -> RuffRule:
    return RuffRule(code, "high", title, why, in_tests=more.get("in_tests", True), anywhere=more.get("anywhere", False))


def _medium(
    code: str, title: str, why: str, confidence: Certainty = "certain", in_tests: bool = False, together: bool = False
) -> RuffRule:
    return RuffRule(code, "medium", title, why, confidence, in_tests=in_tests, together=together)


def _low(code: str, title: str, why: str, confidence: Certainty = "likely", together: bool = False) -> RuffRule:
    return RuffRule(code, "low", title, why, confidence, together=together)


def _security(code: str, severity: Severity, title: str, why: str, confidence: Certainty = "likely") -> RuffRule:
    return RuffRule(code, severity, title, why, confidence, "security", SECURITY)


def _slow(code: str, severity: Severity, title: str, why: str, confidence: Certainty = "certain") -> RuffRule:
    return RuffRule(code, severity, title, why, confidence, "performance", PERFORMANCE)


_PERCENT = "formatting fails when this line runs"
_SYNTAX = "Python refuses the file"
_UNTRANSLATED = "the translation is looked up after formatting and never found"
_BLOCKS = "every other task of the event loop waits until it returns"
_XML = "entity expansion in a hostile document can exhaust memory or read files"

_ALL = (
    # Names and control flow.
    _high("F821", "Undefined name", "this fails with NameError when it runs", anywhere=True),
    RuffRule(
        "F822",
        "medium",
        "Undefined name in __all__",
        "`from module import *` fails with AttributeError",
        in_tests=True,
        anywhere=True,
    ),
    _high("F823", "Variable used before it is assigned", "this fails with UnboundLocalError when it runs"),
    _medium("F811", "Redefined before it was used", "the first definition can never take effect", in_tests=True),
    _medium("F402", "Import shadowed by a loop variable", "the module cannot be used after the loop"),
    _high("F404", "Late __future__ import", _SYNTAX),
    _high("F621", "Too many values in star assignment", _SYNTAX),
    _high("F622", "Two starred names in one assignment", _SYNTAX),
    _high("F701", "break outside a loop", _SYNTAX),
    _high("F702", "continue outside a loop", _SYNTAX),
    _high("F704", "yield outside a function", _SYNTAX),
    _high("F706", "return outside a function", _SYNTAX),
    _high("F707", "Bare except is not last", _SYNTAX),
    _high("F631", "Assertion on a tuple", "it can never fail, so it checks nothing"),
    _high("F634", "Condition is a tuple", "it is always true"),
    _medium(
        "F632",
        "Identity compared instead of value",
        "the outcome depends on how the interpreter caches objects",
        together=True,
    ),
    _medium("F633", "`>>` used with print", "it shifts bits instead of redirecting output"),
    _high("F901", "NotImplemented raised", "it is no exception, so a TypeError is raised in its place"),
    _medium("F601", "Dictionary key repeated", "only the last value is kept"),
    _medium("F602", "Dictionary key repeated", "only the last value is kept"),
    # String formatting.
    *(_high(f"F50{digit}", "Broken % format", _PERCENT) for digit in "12356789"),
    _medium("F504", "Unused % format argument", "a value is passed that never shows"),
    _high("F521", "Broken format string", _PERCENT),
    _high("F524", "Missing format argument", _PERCENT),
    _high("F525", "Mixed format numbering", _PERCENT),
    _medium("F522", "Unused format argument", "a value is passed that never shows"),
    _medium("F523", "Unused format argument", "a value is passed that never shows"),
    _high("PLE1300", "Unsupported format character", _PERCENT),
    _high("PLE1307", "Wrong type for the format", _PERCENT),
    _high("PLE1205", "Too many logging arguments", "the record is lost and an error is printed instead"),
    _high("PLE1206", "Too few logging arguments", "the record is lost and an error is printed instead"),
    # Probable bugs.
    _medium("B002", "++ or -- used", "it does nothing in Python"),
    _medium(
        "B003", "os.environ replaced", "the process environment stays as it was, so subprocesses do not see the change"
    ),
    _medium("B005", "strip() with several characters", "it strips any of the characters, not the word", "likely"),
    RuffRule(
        "B006",
        "medium",
        "Mutable default argument",
        "one object is shared by all calls, so what one call adds shows in the next",
        in_tests=True,
        unless=r"\binliner\b|\bstate_machine\b",  # The signature that docutils asks for.
    ),
    _medium("B012", "Exceptions silenced in finally", "an error raised before is lost"),
    _medium("B015", "Comparison without effect", "its outcome is thrown away"),
    _high("B016", "Literal raised", "it is no exception, so a TypeError is raised in its place"),
    RuffRule(
        "B018",
        "low",
        "Expression without effect",
        "its value is thrown away",
        "likely",
        # A division by zero is there to fail; a comment tells that reading an attribute does something.
        unless=r"^\s*\d+\s*//?\s*0\b|#",
    ),
    _medium("B020", "Loop variable overwrites what it loops over", "the collection is lost after the first step"),
    _medium("B021", "f-string as docstring", "the function gets no docstring"),
    _medium("B022", "suppress() without exceptions", "nothing is suppressed"),
    _medium(
        "B023",
        "Closure over a loop variable",
        "every closure sees the variable's last value if it is called later",
        "likely",
    ),
    _medium("B025", "Exception caught twice", "the second handler never runs"),
    _medium("B029", "Empty except tuple", "nothing is caught"),
    _high("B030", "except with something that is no exception", "handling fails with TypeError when an error occurs"),
    _medium("B031", "groupby() group used twice", "the second use sees nothing"),
    _medium("B032", "Annotation instead of assignment", "nothing is assigned", "likely"),
    # Not B034 (positional arguments of re): of real changes it told of a count that was meant as one.
    _high("B035", "Same key in every step of a comprehension", "only the last value is kept"),
    _medium("B039", "Mutable ContextVar default", "one object is shared by all contexts"),
    _low("E722", "Bare except", "it also catches KeyboardInterrupt and SystemExit", "certain", together=True),
    _high("PLE0100", "__init__ is a generator", "creating the object fails with TypeError"),
    RuffRule(
        "PLE0101",
        "high",
        "__init__ returns a value",
        "creating the object fails with TypeError",
        in_tests=True,
        unless=r"return\s+(?:super\(.*\)|[\w.]+)\.__init__\(",  # It returns None.
    ),
    _high("PLE0115", "Name both nonlocal and global", _SYNTAX),
    _high("PLE0116", "continue in finally", _SYNTAX),
    _high("PLE0117", "nonlocal without a binding", _SYNTAX),
    _high("PLE0118", "Name used before its global declaration", _SYNTAX),
    _high("PLE0237", "Attribute missing from __slots__", "the assignment fails with AttributeError"),
    _high("PLE0241", "Duplicate base class", "the class statement fails with TypeError"),
    _high(
        "PLE0302",
        "Special method with a wrong signature",
        "Python's own call of it fails with TypeError",
        in_tests=False,
    ),
    *(
        _high(f"PLE030{digit}", "Special method returns a wrong type", "Python refuses the value with TypeError")
        for digit in "35789"
    ),
    _medium("PLE0604", "__all__ holds something else than names", "`from module import *` fails with TypeError"),
    _medium("PLE0605", "Invalid __all__", "`from module import *` may fail"),
    _medium("PLE0643", "Index beyond the end", "this fails with IndexError when it runs", "likely"),
    _medium(
        "PLE0704",
        "Bare raise outside an except block",
        "it fails with RuntimeError unless an exception is being handled",
        "likely",
    ),
    _high("PLE1132", "Keyword argument repeated", "the call fails with TypeError"),
    _high("PLE1142", "await outside async", _SYNTAX),
    _medium("PLE1310", "strip() with repeated characters", "it strips any of the characters, not the word", "likely"),
    _medium("PLE1507", "os.getenv with something that is no string", "the call fails with TypeError"),
    _medium("PLE1519", "singledispatch on a method", "it dispatches on `self`"),
    _medium("PLE1520", "singledispatchmethod on a function", "calling it fails with TypeError"),
    _high("PLE1700", "yield from in an async function", _SYNTAX),
    *(
        _low(f"PLE25{number}", "Invisible control character", "readers cannot see it")
        for number in ("10", "12", "13", "14", "15")
    ),
    _low("PLW0127", "Variable assigned to itself", "the line does nothing"),
    _medium("PLW0128", "Same name assigned twice at once", "only the last value is kept"),
    _medium("PLW0129", "Assertion on a string", "it never depends on what the code does", in_tests=True),
    _low("PLW0131", "Named expression without use", "an assignment was probably meant"),
    _high("PLW0133", "Exception made but not raised", "the error passes unnoticed"),
    _medium("PLW0177", "Comparison with NaN", "it is always false", in_tests=True),
    _high("PLW0245", "super without brackets", "this fails with AttributeError when it runs"),
    _medium("PLW0406", "Module imports itself", "it sees itself half made", "likely"),
    _high("PLW0711", "except with `or` or `and`", "only one of the exceptions is caught"),
    _high("PLW1501", "Invalid open() mode", "the call fails with ValueError"),
    _medium("PLW1507", "Shallow copy of os.environ", "changing the copy changes the environment"),
    RuffRule(
        "PLW1508",
        "medium",
        "Default of an environment variable is no string",
        "the type depends on whether it is set",
        "likely",
        unless=r"\b(?:int|float|str|bool|Path|Decimal)\(\s*(?:os\.)?(?:environ|getenv)",
    ),
    _low("PLW1509", "preexec_fn used", "the child can deadlock when the process has threads"),
    _high("PLW2101", "Lock made inside with", "every entry gets a lock of its own, so nothing is guarded"),
    _medium("PLR0124", "Compared with itself", "the outcome is always the same", "likely"),
    _medium("SIM220", "Condition is always false", "the branch never runs"),
    _medium("SIM221", "Condition is always true", "the other branch never runs"),
    _medium("RUF008", "Mutable dataclass default", "one object is shared by all instances"),
    _medium("RUF016", "Index of a wrong type", "this fails with TypeError when it runs"),
    _medium("RUF018", "Assignment inside assert", "it does not happen under `python -O`"),
    _medium("RUF024", "Mutable value for all keys", "every key shares one object"),
    _high("RUF026", "default_factory given by keyword", "it becomes a key, and missing keys raise KeyError"),
    _medium("RUF030", "print() as an assertion's message", "the message will be None", in_tests=True),
    _medium("RUF032", "Decimal from a float", "the value carries the float's rounding error"),
    _low("RUF033", "__post_init__ with defaults", "dataclass fields do not see them"),
    _medium("RUF034", "Both branches are the same", "the condition has no effect"),
    _medium("RUF049", "Enum as a dataclass", "its members compare wrongly"),
    _medium("RUF060", "Membership in an empty collection", "it is always false"),
    _medium("COM818", "Trailing comma makes a tuple", "a one-element tuple is probably not meant", "likely"),
    _low(
        "W605", "Invalid escape sequence", "newer versions of Python warn, and will refuse it", "certain", together=True
    ),
    _medium("T100", "Debugger left in", "the program stops here and waits for input"),
    *(
        _medium(
            code,
            f"datetime.{name}() used",
            "it is naive, so it is taken for local time, and it is deprecated",
            together=True,
        )
        for code, name in (("DTZ003", "utcnow"), ("DTZ004", "utcfromtimestamp"))
    ),
    _medium("INT001", "f-string inside gettext", _UNTRANSLATED, together=True),
    _medium("INT002", "format() inside gettext", _UNTRANSLATED, together=True),
    _medium("INT003", "% format inside gettext", _UNTRANSLATED, together=True),
    _medium("FAST003", "Path parameter missing from the function", "the route's value is never read", "likely"),
    *(
        _medium(
            f"YTT{number}",
            "Fragile check of Python's version",
            "it goes wrong on a two-digit or later version",
            "likely",
            together=True,
        )
        for number in ("101", "102", "103", "201", "202", "203", "204", "301", "302", "303")
    ),
    # Async.
    _medium(
        "RUF006", "Task without a reference", "the event loop keeps a weak one, so it may vanish half-way", "likely"
    ),
    _medium("ASYNC100", "Timeout without an await inside", "it can never fire"),
    _high("ASYNC105", "Missing await", "the call never runs"),
    _slow("ASYNC210", "medium", "Blocking HTTP call in async code", _BLOCKS),
    _slow("ASYNC212", "medium", "Blocking HTTP call in async code", _BLOCKS),
    _slow("ASYNC220", "medium", "Blocking subprocess in async code", _BLOCKS),
    _slow("ASYNC221", "medium", "Blocking subprocess in async code", _BLOCKS),
    _slow("ASYNC222", "medium", "Blocking wait in async code", _BLOCKS),
    _slow("ASYNC250", "medium", "Blocking input in async code", _BLOCKS),
    _slow("ASYNC251", "high", "time.sleep in async code", _BLOCKS),
    # Performance.
    RuffRule(
        "B019",
        "low",
        "Cached method",
        "the cache keeps every instance alive",
        "likely",
        "performance",
        PERFORMANCE,
        unless=r"\(\s*(?:maxsize\s*=\s*)?\d{1,2}\s*[,)]",  # It keeps a few.
    ),
    _slow("C419", "low", "List built for any() or all()", "they can no longer stop at the first hit"),
    _slow("PERF101", "low", "Needless copy of a list", "the loop copies everything first", "likely"),
    _slow("RUF017", "medium", "Quadratic list concatenation", "every step copies all that came before"),
    # Security.
    _security("S102", "medium", "exec() used", "whoever controls the text runs code"),
    _security("S103", "medium", "Permissive file mode", "other users of the machine can change or run the file"),
    _security("S104", "low", "Binds all interfaces", "the service can be reached from other machines"),
    RuffRule(
        "S113",
        "medium",
        "HTTP request without timeout",
        "it can hang for ever",
        "likely",
        "security",
        SECURITY,
        unless=r"localhost|127\.0\.0\.1",
        not_in=MAY_WAIT,
    ),
    _security("S201", "high", "Flask debug mode", "the debugger lets visitors run code"),
    _security("S202", "medium", "Archive extracted unchecked", "members can escape the target folder"),
    _security("S301", "medium", "pickle of data", "loading hostile data runs code", "possible"),
    _security("S302", "medium", "marshal of data", "loading hostile data can crash or run code", "possible"),
    _security("S306", "medium", "mktemp() used", "another process can take the name first", "certain"),
    RuffRule(
        *("S307", "medium", "eval() used", "whoever controls the text runs code", "likely", "security", SECURITY),
        unless=r"\beval\(\s*[rRbBuU]{0,2}[\"']",
    ),
    _security("S308", "medium", "mark_safe() used", "text of a user becomes part of the page", "possible"),
    *(_security(f"S31{digit}", "low", "XML parser open to attacks", _XML, "possible") for digit in "356789"),
    # Not S314 (xml.etree): it tells nothing of where the document comes from, and Python's own parser is bounded now.
    _security("S312", "medium", "Telnet used", "everything is sent in the clear"),
    _security("S321", "low", "FTP used", "everything is sent in the clear"),
    _security(
        "S323", "high", "TLS certificate not checked", "anyone on the way can read and change the traffic", "certain"
    ),
    RuffRule(
        "S324",
        "medium",
        "Weak hash of a secret",
        "it is broken or too fast to protect one",
        "likely",
        "security",
        SECURITY,
        only_near=r"pass(?:w|p)|secret|token|credential|signature|hmac|auth",
    ),
    _security(
        "S501", "high", "TLS certificate not checked", "anyone on the way can read and change the traffic", "certain"
    ),
    _security("S502", "high", "Insecure TLS version", "the protocol is broken", "certain"),
    _security("S504", "medium", "TLS version not set", "an insecure one may be agreed on"),
    _security("S505", "high", "Weak cryptographic key", "it can be broken", "certain"),
    _security("S506", "high", "Unsafe YAML loader", "loading hostile data runs code", "certain"),
    _security("S507", "high", "SSH host key not checked", "anyone on the way can pose as the host", "certain"),
    _security("S508", "medium", "Insecure SNMP version", "the community string is sent in the clear"),
    _security("S509", "medium", "SNMP without encryption", "the traffic can be read and changed"),
    _security("S602", "high", "Shell command", "text of a user that gets into it runs commands"),
    _security("S604", "medium", "Shell command", "text of a user that gets into it runs commands", "possible"),
    _security("S605", "high", "Shell command", "text of a user that gets into it runs commands"),
    _security("S608", "high", "SQL built from strings", "text of a user that gets into it changes the query"),
    _security("S609", "medium", "Wildcard in a command", "a file name can be taken for an option"),
    _security("S610", "medium", "Django extra()", "text of a user that gets into it changes the query"),
    _security("S611", "medium", "Django RawSQL", "text of a user that gets into it changes the query"),
    _security("S612", "high", "Logging configuration from the network", "whoever connects runs code"),
    _security("S701", "medium", "Templates without autoescape", "text of a user becomes part of the page"),
    _security("S702", "medium", "Mako templates", "they do not escape text of a user by default", "possible"),
    # Not S704 (Markup from a variable): of real changes it told what had been escaped in the lines above.
    _security("PLE2502", "high", "Bidirectional control character", "the code is not what it looks like", "certain"),
)

RULES: dict[str, RuffRule] = {rule.code: rule for rule in _ALL}
