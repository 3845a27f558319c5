"""What rules of the repository's linters mean for a review: correctness, security, performance; never style.

Chosen by hand from each linter's documentation. Of a linter's own rules those that are not here do not speak: they are
style, or shrugged at, or depend on what is installed. Of rules that plugins bring nothing is known: they speak only
where the project made them errors, and quietly.
"""

from __future__ import annotations

import re

from rebuttal.evidence.linting.tool import Meaning, Said
from rebuttal.findings.model import Category

_LOW, _MEDIUM = Meaning("low"), Meaning("medium")
_SURE = Meaning("medium", confidence="certain")
_ANYWHERE = Meaning("medium", anywhere=True)
_SECURITY, _LOW_SECURITY = Meaning("medium", "security"), Meaning("low", "security", in_tests=False)
_SLOW = Meaning("low", "performance", in_tests=False)


def _table(*groups: tuple[Meaning, str]) -> dict[str, Meaning]:
    return {rule: meaning for meaning, rules in groups for rule in rules.split()}


_ESLINT = _table(
    (Meaning("medium", confidence="certain", anywhere=True), "no-undef"),
    (
        _SURE,
        """constructor-super for-direction getter-return no-class-assign no-compare-neg-zero no-const-assign
        no-dupe-args no-dupe-class-members no-dupe-else-if no-dupe-keys no-duplicate-case no-func-assign
        no-import-assign no-new-native-nonconstructor no-obj-calls no-self-assign no-self-compare no-setter-return
        no-this-before-super no-unreachable no-unsafe-finally no-unsafe-negation no-unsafe-optional-chaining
        use-isnan valid-typeof no-debugger""",
    ),
    (
        _MEDIUM,
        """array-callback-return no-async-promise-executor no-cond-assign no-constant-binary-expression
        no-constant-condition no-constructor-return no-ex-assign no-global-assign no-invalid-regexp no-loss-of-precision
        no-promise-executor-return no-sparse-arrays no-template-curly-in-string no-unmodified-loop-condition
        no-unreachable-loop no-unsafe-optional-chaining no-fallthrough
        @typescript-eslint/await-thenable @typescript-eslint/no-floating-promises @typescript-eslint/no-for-in-array
        @typescript-eslint/no-misused-promises @typescript-eslint/no-misused-new
        @typescript-eslint/no-unsafe-enum-comparison @typescript-eslint/no-array-delete
        @typescript-eslint/only-throw-error @typescript-eslint/switch-exhaustiveness-check
        react/jsx-key react/jsx-no-undef react/no-direct-mutation-state react-hooks/rules-of-hooks
        vue/no-mutating-props vue/require-v-for-key promise/no-return-in-finally
        n/no-callback-literal node/no-callback-literal n/handle-callback-err node/handle-callback-err""",
    ),
    (
        _LOW,
        """no-empty no-empty-pattern no-control-regex no-misleading-character-class no-prototype-builtins radix
        no-throw-literal prefer-promise-reject-errors no-loop-func react-hooks/exhaustive-deps
        react/no-unstable-nested-components promise/catch-or-return""",
    ),
    (
        _SECURITY,
        """no-eval no-implied-eval no-new-func no-script-url react/no-danger-with-children react/jsx-no-script-url
        @typescript-eslint/no-implied-eval vue/no-v-html svelte/no-at-html-tags no-unsanitized/property
        no-unsanitized/method""",
    ),
    (_LOW_SECURITY, "react/no-danger react/jsx-no-target-blank"),
)
_OF_STYLE = re.compile(
    r"(?:prettier|import|import-x|@stylistic(?:/\w+)?|simple-import-sort|perfectionist|jsdoc|tsdoc|unicorn|unused-imports|"
    r"tailwindcss|sonarjs|sort-\w+|header|license-header|eslint-comments|@eslint-community/eslint-comments|markdown|"
    r"@typescript-eslint|react|react-refresh|vue|svelte|jest|vitest|mocha|testing-library|storybook|n|node|promise|"
    r"functional|jsonc|yml|turbo|i18next|formatjs|functional|compat|@next/next|@angular-eslint|regexp)/"
)
"""Plugins whose rules are style, or are told one by one above."""

_BIOME = _table(
    (Meaning("medium", confidence="certain", anywhere=True), "noUndeclaredVariables"),
    (
        _SURE,
        """noConstAssign noConstantCondition noConstructorReturn noGlobalObjectCalls
        noInvalidConstructorSuper noNewSymbol noInvalidBuiltinInstantiation noPrecisionLoss noSelfAssign noSetterReturn
        noStringCaseMismatch noUnreachable noUnreachableSuper noUnsafeFinally noUnsafeOptionalChaining
        useIsNan useValidForDirection useYield useValidTypeof noInvalidUseBeforeDeclaration
        noClassAssign noCompareNegZero noDebugger noDuplicateCase noDuplicateClassMembers noDuplicateElseIf
        noDuplicateObjectKeys noDuplicateParameters noFunctionAssign noImportAssign noUnsafeNegation useGetterReturn
        noDuplicateJsxProps noFocusedTests noGlobalAssign noAsyncPromiseExecutor noSelfCompare noMisleadingInstantiator
        noRenderReturnValue useHookAtTopLevel noChildrenProp""",
    ),
    (
        _MEDIUM,
        """noAssignInExpressions noCatchAssign noFallthroughSwitchClause noMisplacedAssertion noSparseArray
        noUnsafeDeclarationMerging useIterableCallbackReturn noFloatingPromises noMisusedPromises useAwaitThenable
        noThenProperty useNumberToFixedDigitsArgument noMisleadingCharacterClass noApproximativeNumericConstant
        noGlobalIsFinite noGlobalIsNan useJsxKeyInIterable noSwitchDeclarations noVoidElementsWithChildren""",
    ),
    (_LOW, "useExhaustiveDependencies noEmptyBlockStatements noPrototypeBuiltins noControlCharactersInRegex"),
    (_SECURITY, "noGlobalEval noDangerouslySetInnerHtmlWithChildren noScriptUrl"),
    (_LOW_SECURITY, "noDangerouslySetInnerHtml noBlankTarget "),
    (_SLOW, "noAccumulatingSpread "),
)

_MYPY = _table(
    (Meaning("medium", confidence="certain", anywhere=True), "name-defined call-arg used-before-def"),
    (
        _ANYWHERE,
        """attr-defined arg-type call-overload return return-value index operator abstract override
        typeddict-item typeddict-unknown-key str-format str-bytes-safe await-not-async func-returns-value
        unused-coroutine unused-awaitable truthy-function truthy-bool truthy-iterable possibly-undefined
        exhaustive-match safe-super empty-body""",
    ),
    (
        Meaning("low", anywhere=True),
        "union-attr assignment dict-item list-item list-comprehension comparison-overlap misc",
    ),
)
_PYRIGHT = _table(
    (_SURE, "reportUndefinedVariable reportCallIssue reportUnboundVariable"),
    (
        _MEDIUM,
        """reportAttributeAccessIssue reportArgumentType reportReturnType reportIndexIssue reportOperatorIssue
        reportPossiblyUnbound reportPossiblyUnboundVariable reportUnusedCoroutine reportAbstractUsage
        reportNoOverloadImplementation reportInvalidStringEscapeSequence reportTypedDictNotRequiredAccess
        reportUnhashable reportAssertAlwaysTrue reportNoReturnInFunction""",
    ),
    (
        _LOW,
        """reportOptionalMemberAccess reportOptionalSubscript reportOptionalIterable reportOptionalCall
        reportOptionalOperand reportAssignmentType reportIncompatibleMethodOverride reportRedeclaration""",
    ),
)
_SHELLCHECK = _table(
    (
        _MEDIUM,
        """SC2068 SC2070 SC2071 SC2104 SC2105 SC2114 SC2115 SC2145 SC2168 SC2199 SC2203 SC2242 SC2259 SC2260 SC2320
        SC2327 SC2328 SC2096 SC2157 SC2158 SC2159 SC2160 SC2161 SC2198 SC2050 SC2077 SC2078 SC2079 SC2193""",
    ),
    (
        _LOW,
        """SC2048 SC2053 SC2064 SC2069 SC2088 SC2089 SC2090 SC2091 SC2128 SC2144 SC2164 SC2178 SC2188
        SC2215 SC2221 SC2222 SC2225 SC2239 SC2261 SC2294 SC2045""",
    ),
)
_HADOLINT = _table(
    (_MEDIUM, "DL3000 DL3012 DL3021 DL3022 DL3023 DL3024 DL3043 DL3044 DL3061 DL4003 DL4004"),
    (_LOW, "DL3011 DL4006"),
    (_LOW_SECURITY, "DL3002 DL3004 "),
)
_CLIPPY = _table(
    (
        _MEDIUM,
        """await_holding_lock await_holding_refcell_ref arc_with_non_send_sync async_yields_async
        cast_abs_to_unsigned cast_slice_different_sizes empty_loop float_equality_without_abs
        let_underscore_future let_underscore_lock misrefactored_assign_op mut_range_bound mutable_key_type
        no_effect_replace non_canonical_partial_ord_impl suspicious_arithmetic_impl suspicious_assignment_formatting
        suspicious_op_assign_impl suspicious_open_options suspicious_to_owned suspicious_unary_op_formatting
        unused_must_use unconditional_recursion unreachable_code unused_io_amount permissions_set_readonly_false
        join_absolute_paths print_in_format_impl rc_clone_in_vec_init set_contains_or_insert
        static_mut_refs unused_comparisons overflowing_literals unreachable_patterns
        non_send_fields_in_send_ty dropping_references dropping_copy_types forgetting_references""",
    ),
    (_LOW, "unwrap_used todo unimplemented dbg_macro "),
    (
        _SLOW,
        """large_enum_variant redundant_clone box_collection vec_box slow_vector_initialization unnecessary_to_owned
        large_const_arrays iter_overeager_cloned manual_memcpy""",
    ),
)
_GO_LINTERS = _table(
    (
        _MEDIUM,
        """errcheck govet staticcheck bodyclose sqlclosecheck rowserrcheck nilerr makezero durationcheck asasalint
        errchkjson loggercheck spancheck zerologlint copyloopvar exportloopref nilnesserr """,
    ),
    (_LOW, "ineffassign errorlint contextcheck noctx fatcontext forcetypeassert musttag "),
    (_SECURITY, "gosec"),
)
_BANDIT_NOISE = frozenset(
    {
        "B101",
        "B104",
        "B105",
        "B106",
        "B107",
        "B108",
        "B110",
        "B112",
        "B311",
        "B403",
        "B404",
        "B405",
        "B603",
        "B606",
        "B607",
        "B703",
    }
)
"""Asserts, imports as such, subprocess calls as such, guesses at passwords: shrugged at, or told better by others."""
_STYLE_OF_SEMGREP = frozenset({"best-practice", "maintainability", "style", "portability"})


def eslint(said: Said) -> Meaning | None:
    known = _ESLINT.get(said.rule)
    if known is not None or "/" not in said.rule or _OF_STYLE.match(said.rule):
        return known
    return _by_plugin(said)


def _by_plugin(said: Said) -> Meaning | None:
    if said.level != "error":
        return None
    return _LOW_SECURITY if "secur" in said.rule or "xss" in said.rule or "sanitiz" in said.rule else _LOW


def biome(said: Said) -> Meaning | None:
    return _BIOME.get(said.rule) or (_by_plugin(said) if said.kind == "plugin" else None)


def mypy(said: Said) -> Meaning | None:
    return _MYPY.get(said.rule)


def pyright(said: Said) -> Meaning | None:
    return _PYRIGHT.get(said.rule)


def bandit(said: Said) -> Meaning | None:
    """By severity (the level) and confidence (the kind), as the linter itself grades each case."""
    if said.rule in _BANDIT_NOISE or said.level == "info" or said.kind == "LOW":
        return None
    grave = said.level == "error" and said.kind == "HIGH"
    return Meaning("medium" if grave else "low", "security", in_tests=False)


def semgrep(said: Said) -> Meaning | None:
    """By the level that the rule's author gave it: rules are the project's own."""
    if said.level == "info" or (said.kind in _STYLE_OF_SEMGREP and said.level != "error"):
        return None
    grave = said.level == "error" and said.kind not in _STYLE_OF_SEMGREP
    categories: dict[str, Category] = {"security": "security", "performance": "performance"}
    return Meaning("medium" if grave else "low", categories.get(said.kind, "correctness"))


def shellcheck(said: Said) -> Meaning | None:
    return _SHELLCHECK.get(said.rule)


def hadolint(said: Said) -> Meaning | None:
    return _HADOLINT.get(said.rule) or _SHELLCHECK.get(said.rule)


def golangci(said: Said) -> Meaning | None:
    if said.rule.startswith(("ST", "QF", "S1")):  # staticcheck's own style
        return None
    return _GO_LINTERS.get(said.kind)


def clippy(said: Said) -> Meaning | None:
    """What the compiler refuses, what clippy calls certainly wrong (an error by default), and what is chosen above."""
    if said.level == "error" and said.kind == "rustc":
        # Whether the crate can be built at all here is not the change's doing; a type that is wrong is.
        return None if said.rule in ("E0432", "E0433", "E0463") else _SURE
    if said.level == "error" and said.rule not in _CLIPPY:
        return _LOW
    return _CLIPPY.get(said.rule)
