"""The weights of the ranking: what each feature of `fusion.features` adds to a file's sum.

A conditional logit, as `python -m bench.retrieval fit` learns it, over 979 commits with one file hidden each, of the 14
repositories that bench/retrieval/histories.toml marks for tuning. How good they are on other repositories is told
in bench/retrieval/RESULTS.md.
"""

WEIGHTS: dict[str, float] = {
    "around for test": 0.969,
    "bm25 for source": 1.272,
    "bm25*by_folder": -0.815,
    "bm25*words": 1.156,
    "by_folder": 1.909,
    "by_folder if no source": 0.195,
    "by_kind": 1.388,
    "gone/max": 1.386,
    "just_now": 1.765,
    "just_now/log": 0.123,
    "kind missing:changes": 0.692,
    "kind shown:source": -0.882,
    "kind:docs": -0.145,
    "kind:source": 0.199,
    "lately/max": 0.481,
    "likely_commits/log": 0.180,
    "likely_lately/log": 0.173,
    "mentions/rank": 0.559,
    "named": 0.385,
    "named_like": -1.071,
    "named_like/max": 0.809,
    "near/rank": 0.404,
    "popular for source": -0.242,
    "popular if alone": 0.090,
    "popular/log": -0.270,
    "popular/max": -0.919,
    "rarest": 0.144,
    "rarest/rank": 1.171,
    "same suffix": 0.189,
    "second": -2.783,
    "stem/log": -0.126,
    "stem/rank": 0.962,
    "together": -0.733,
    "together_either": 1.117,
    "together_either if alone": -0.200,
    "together_either if no source": -0.139,
    "together_lift": -1.627,
    "together_mean": 2.782,
    "together_mean/log": 0.411,
    "together_mean/max": 1.296,
    "topic/rank": 0.957,
    "words": 1.098,
    "words for build": 0.011,
    "words*together_either": -0.886,
    "words/log": -0.299,
}

TEXT_WEIGHTS: dict[str, float] = {
    "gone_lines/log": 0.322,
    "lists/log": 1.446,
    "old_version": 1.633,
    "twin/rank": 0.557,
}
"""What the texts of the likeliest files add: learned in the same way over those files only, the sum above being one of
the features."""
