"""Tokens that are known by their form alone, as their issuers document them.

What is listed: every issuer whose tokens have a prefix or a structure that nothing else has. Tokens without one (32
hexadecimal digits) are found by the name that they are assigned to.
"""

from __future__ import annotations

import re

from attrs import frozen

from rebuttal.text import secret_checks as checks
from rebuttal.text.secret_checks import Check


@frozen
class Shape:
    """A token that is known by its form: `pattern` is tried where one of `anchors` stands."""

    kind: str
    anchors: tuple[str, ...]
    pattern: re.Pattern[str]
    sure: bool = True
    back: int = 0
    """How many characters before the anchor the pattern begins."""
    check: Check = checks.by_form


def _shape(
    kind: str, anchors: str, pattern: str, *, sure: bool = True, back: int = 0, check: Check = checks.by_form
) -> Shape:
    return Shape(kind, tuple(anchors.split()), re.compile(pattern), sure, back, check)


_END = r"(?![A-Za-z0-9])"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

_CLOUDS = (
    _shape("aws-key", "AKIA ASIA ABIA ACCA", r"[A-Z]{4}[A-Z2-7]{16}" + _END, check=checks.aws),
    _shape("aws-bedrock-key", "ABSK", r"ABSK[A-Za-z0-9+/]{109,269}+"),
    _shape("aws-bedrock-key", "bedrock-api-key-", r"bedrock-api-key-[A-Za-z0-9+/=]{40,4000}+"),
    _shape("google-key", "AIza", r"AIza[\w-]{35}(?![\w-])"),
    _shape("google-key", "GOCSPX-", r"GOCSPX-[\w-]{24,40}+"),
    _shape("google-key", "ya29.", r"ya29\.[\w-]{30,1000}+"),
    _shape(
        "azure-key",
        "AccountKey= SharedAccessKey=",
        r"(?:Account|SharedAccess)Key=([A-Za-z0-9+/=]{40,120}+)",
        check=checks.azure_key,
    ),
    _shape("azure-key", "sig=", r"sig=([A-Za-z0-9%+/]{43,100}+)", sure=False),
    _shape("azure-key", "Q~", r"[\w.~-]{3}\dQ~[\w.~-]{31,34}(?![\w.~-])", back=4),
    _shape("alibaba-key", "LTAI", r"LTAI[A-Za-z0-9]{16,24}" + _END),
    _shape("cloudflare-key", "v1.0-", r"v1\.0-[0-9a-f]{24}-[0-9a-f]{146}" + _END),
    _shape("digitalocean-token", "dop_v1_ doo_v1_ dor_v1_", r"do[opr]_v1_[0-9a-f]{64}"),
    _shape("fly-token", "fo1_", r"fo1_[\w-]{43}(?![\w-])"),
    _shape("fly-token", "fm1a_ fm1r_ fm2_", r"fm(?:1[ar]|2)_[A-Za-z0-9+/]{60,4000}+"),
    _shape("heroku-key", "HRKU-AA", r"HRKU-AA[\w-]{58}(?![\w-])"),
    _shape("scalingo-token", "tk-us-", r"tk-us-[\w-]{48}(?![\w-])"),
    _shape("openshift-token", "sha256~", r"sha256~[\w-]{43}(?![\w-])"),
    _shape("planetscale-token", "pscale_", r"pscale_(?:tkn|oauth|pw)_[\w=.-]{32,64}+"),
    _shape("databricks-token", "dapi", r"dapi[0-9a-f]{32}(?:-\d)?(?![0-9A-Za-z])"),
    _shape("clickhouse-key", "4b1d", r"4b1d[A-Za-z0-9]{38}" + _END),
)
_CODE = (
    _shape("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{36,255}+", check=checks.github),
    _shape("github-token", "github_pat_", r"github_pat_\w{22,255}+"),
    _shape(
        "gitlab-token",
        "glpat- glptt- gldt- glrt- glrtr- glcbt- glsoat- glft- glffct- glimt- glagent- gloas-",
        r"gl[a-z]{2,5}-[\w.-]{20,300}+",
    ),
    _shape("gitlab-token", "GR1348941", r"GR1348941[\w-]{20}(?![\w-])"),
    _shape("gitlab-token", "_gitlab_session=", r"_gitlab_session=([0-9a-z]{32})" + _END),
    _shape("npm-token", "npm_", r"npm_[A-Za-z0-9]{36}" + _END, check=checks.npm),
    _shape("pypi-token", "pypi-AgE", r"pypi-AgE[\w-]{50,1000}+", check=checks.pypi),
    _shape("rubygems-token", "rubygems_", r"rubygems_[0-9a-f]{48}" + _END),
    _shape("clojars-token", "CLOJARS_", r"CLOJARS_[0-9a-zA-Z]{60}" + _END),
    _shape("crates-token", "cio", r"cio[A-Za-z0-9]{32}" + _END),
    _shape("nuget-key", "oy2", r"oy2[a-z0-9]{43}" + _END),
    _shape("docker-token", "dckr_pat_ dckr_oat_", r"dckr_[po]at_[\w-]{20,60}+"),
    _shape("artifactory-key", "AKCp", r"AKCp[A-Za-z0-9]{69}" + _END),
    _shape("artifactory-key", "cmVmd", r"cmVmd[A-Za-z0-9]{59}" + _END),
    _shape("sourcegraph-token", "sgp_", r"sgp_(?:(?:[0-9a-fA-F]{16}|local)_)?[0-9a-fA-F]{40}" + _END),
    _shape("atlassian-token", "ATATT3", r"ATATT3[\w=-]{60,300}+"),
    _shape("bitbucket-token", "ATBB", r"ATBB[A-Za-z0-9]{32}" + _END),
    _shape("linear-key", "lin_api_ lin_oauth_", r"lin_(?:api|oauth)_[A-Za-z0-9]{40,64}+"),
    _shape("postman-key", "PMAK-", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}" + _END),
    _shape("octopus-key", "API-", r"API-[A-Z0-9]{26}" + _END),
    _shape("circleci-token", "CCIPAT_ CCIPRJ_", r"CCIP(?:AT|RJ)_[\w-]{40,100}+"),
    _shape("figma-token", "figd_", r"figd_[\w-]{38,44}+"),
    _shape("readme-key", "rdme_", r"rdme_[a-z0-9]{70}" + _END),
    _shape("prefect-key", "pnu_", r"pnu_[A-Za-z0-9]{36}" + _END),
    _shape("pulumi-token", "pul-", r"pul-[0-9a-f]{40}" + _END),
    _shape("infracost-key", "ico-", r"ico-[A-Za-z0-9]{32}" + _END),
    _shape("harness-key", "pat. sat.", r"[ps]at\.[\w-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}" + _END),
    _shape("settlemint-token", "sm_aat_ sm_pat_ sm_sat_", r"sm_[aps]at_[A-Za-z0-9]{16}" + _END),
    _shape("intra42-key", "s-s4t2", r"s-s4t2(?:ud|af)-[0-9a-f]{64}" + _END),
)
_TALK_AND_MAIL = (
    _shape("slack-token", "xox", r"xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,250}+"),
    _shape("slack-token", "xapp-", r"xapp-\d-[A-Za-z0-9-]{10,250}+"),
    _shape(
        "slack-webhook",
        "hooks.slack.com/",
        r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_+-]{20,200}+)",
    ),
    _shape("discord-webhook", "/api/webhooks/", r"/api/webhooks/\d{15,20}+/([\w-]{60,100}+)"),
    _shape(
        "teams-webhook",
        ".webhook.office.com/webhookb2/",
        r"\.webhook\.office\.com/webhookb2/([\w@-]{73}/IncomingWebhook/\w{32}/[\w-]{36})",
    ),
    _shape("telegram-token", ":AA", r"\d{8,10}:AA[\w-]{33}(?![\w-])", back=10),
    _shape("telegram-token", ":AA", r"\d{8,9}:AA[\w-]{33}(?![\w-])", back=9),
    _shape("sendgrid-key", "SG.", r"SG\.[\w-]{20,24}\.[\w-]{39,50}+"),
    _shape("sendinblue-key", "xkeysib-", r"xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}" + _END),
    _shape("twilio-key", "SK", r"SK[0-9a-fA-F]{32}(?![0-9A-Za-z])"),
    _shape("mailgun-key", "key-", r"key-[0-9a-f]{32}(?![0-9A-Za-z])"),
    _shape("mailchimp-key", "-us", r"[0-9a-f]{32}-us\d{1,2}" + _END, back=32),
    _shape("notion-token", "ntn_", r"ntn_\d{11}[A-Za-z0-9]{35}" + _END),
    _shape("airtable-token", "pat", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}" + _END),
    _shape("typeform-token", "tfp_", r"tfp_[\w.=-]{40,59}+"),
    _shape("frameio-token", "fio-u-", r"fio-u-[\w=-]{64}(?![\w-])"),
    _shape("facebook-token", "EAAC EAAM", r"EAA[CM][A-Za-z0-9]{100,400}+"),
)
_MONEY = (
    _shape(
        "stripe-key",
        "sk_live_ rk_live_ sk_test_ rk_test_ sk_prod_ rk_prod_",
        r"[sr]k_(?:live|test|prod)_[A-Za-z0-9]{16,250}+",
        check=checks.marked("k_test_"),
    ),
    _shape("stripe-key", "whsec_", r"whsec_[A-Za-z0-9+/=]{24,100}+"),
    _shape("square-token", "EAAA", r"EAAA[\w-]{22,60}+"),
    _shape("square-token", "sq0atp- sq0csp-", r"sq0[ac][ts]p-[\w-]{22,60}+"),
    _shape("shopify-token", "shpat_ shpca_ shppa_ shpss_", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    _shape("easypost-key", "EZAK EZTK", r"EZ[AT]K[A-Za-z0-9]{54}" + _END, check=checks.marked("EZTK")),
    _shape(
        "shippo-key",
        "shippo_live_ shippo_test_",
        r"shippo_(?:live|test)_[0-9a-fA-F]{40}" + _END,
        check=checks.marked("_test_"),
    ),
    _shape(
        "duffel-token",
        "duffel_test_ duffel_live_",
        r"duffel_(?:test|live)_[\w=-]{43}(?![\w-])",
        check=checks.marked("_test_"),
    ),
    _shape(
        "flutterwave-key",
        "FLWSECK",
        r"FLWSECK(?:_TEST)?-[A-Za-z0-9]{12,32}(?:-X)?" + _END,
        check=checks.marked("_TEST"),
    ),
    _shape("plaid-token", "access-production-", rf"access-production-{_UUID}"),
    _shape("adobe-key", "p8e-", r"p8e-[A-Za-z0-9]{32}" + _END),
)
_MODELS = (
    _shape("anthropic-key", "sk-ant-", r"sk-ant-[\w-]{16,250}+", check=checks.anthropic),
    _shape("openai-key", "sk-", r"sk-(?!ant-)(?:proj-|svcacct-|admin-|or-v1-)?[\w-]{20,250}+", check=checks.openai),
    _shape("huggingface-token", "hf_", r"hf_[A-Za-z0-9]{34,40}+(?!\w)"),
    _shape("huggingface-token", "api_org_", r"api_org_[A-Za-z]{34}" + _END),
    _shape("perplexity-key", "pplx-", r"pplx-[A-Za-z0-9]{48}" + _END),
    _shape("groq-key", "gsk_", r"gsk_[A-Za-z0-9]{52}" + _END),
    _shape("xai-key", "xai-", r"xai-[A-Za-z0-9]{80}" + _END),
    _shape("replicate-token", "r8_", r"r8_[A-Za-z0-9]{37}" + _END),
)
_WATCH = (
    _shape("grafana-token", "glc_", r"glc_[A-Za-z0-9+/]{32,400}+", check=checks.json_behind("glc_")),
    _shape("grafana-token", "glsa_", r"glsa_[A-Za-z0-9]{32}_[0-9A-Fa-f]{8}" + _END),
    _shape("grafana-token", "eyJrIjoi", r"eyJrIjoi[A-Za-z0-9]{70,400}+"),
    _shape("newrelic-key", "NRAK-", r"NRAK-[A-Z0-9]{27}" + _END),
    _shape("newrelic-key", "NRII-", r"NRII-[\w-]{32}(?![\w-])"),
    _shape("dynatrace-token", "dt0c01.", r"dt0c01\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{64}" + _END),
    _shape("sentry-token", "sntrys_eyJ", r"sntrys_eyJ[A-Za-z0-9+/=]{20,500}+_[A-Za-z0-9+/]{43}"),
    _shape("sentry-token", "sntryu_", r"sntryu_[0-9a-f]{64}" + _END),
    _shape("sonar-token", "squ_ sqp_ sqa_", r"sq[apu]_[0-9a-f]{40}" + _END),
    _shape("maxmind-key", "_mmk", r"[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk" + _END, back=36),
)
_KEYS = (
    _shape("vault-token", "hvs. hvb.", r"hv[sb]\.[\w-]{24,300}+"),
    _shape("terraform-token", ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,70}", back=14),
    _shape("doppler-token", "dp.pt. dp.st. dp.ct.", r"dp\.(?:pt|ct|st\.[\w-]{1,40})\.[A-Za-z0-9]{40,44}" + _END),
    _shape(
        "onepassword-key", "A3-", r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}" + _END
    ),
    _shape("onepassword-token", "ops_eyJ", r"ops_eyJ[A-Za-z0-9+/]{200,4000}+", check=checks.json_behind("ops_")),
    _shape("age-key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{50,60}+"),
    _shape("authress-key", ".acc_ .acc-", r"\.acc[_-][a-z0-9-]{10,32}\.([A-Za-z0-9+/_=-]{30,120}+)"),
    _shape("jwt", "eyJ", r"eyJ[\w-]{8,4000}+\.eyJ[\w-]{8,8000}+\.[\w-]{8,2000}+", check=checks.jwt),
    # A JWT, and a key in PEM, encoded once more, as in a Kubernetes secret.
    _shape("jwt", "ZXlKaGJHY2lPaU", r"ZXlKaGJHY2lPaU[A-Za-z0-9+/=]{40,8000}+"),
    _shape("private-key", "LS0tLS1CRUdJTi", r"LS0tLS1CRUdJTi[A-Za-z0-9+/=]{40,20000}+"),
)

SHAPES = (*_CLOUDS, *_CODE, *_TALK_AND_MAIL, *_MONEY, *_MODELS, *_WATCH, *_KEYS)
