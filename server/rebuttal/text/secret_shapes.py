"""Tokens that are known by their form alone, as their issuers document them."""

from __future__ import annotations

import re

from attrs import frozen


@frozen
class Shape:
    """A token that is known by its form: `pattern` is tried where one of `anchors` stands."""

    kind: str
    anchors: tuple[str, ...]
    pattern: re.Pattern[str]
    sure: bool = True
    back: int = 0
    """How many characters before the anchor the pattern begins."""


def _shape(kind: str, anchors: str, pattern: str, *, sure: bool = True, back: int = 0) -> Shape:
    return Shape(kind, tuple(anchors.split()), re.compile(pattern), sure, back)


SHAPES = (
    _shape("aws-key", "AKIA ASIA ABIA ACCA", r"[A-Z]{4}[A-Z2-7]{16}(?![A-Za-z0-9])"),
    _shape("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{36,255}+"),
    _shape("github-token", "github_pat_", r"github_pat_\w{22,255}+"),
    _shape("gitlab-token", "glpat- glptt- gldt- glrt- glcbt- glsoat- glft-", r"gl[a-z]{2,5}-[\w.-]{20,300}+"),
    _shape("slack-token", "xox", r"xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,250}+"),
    _shape("slack-token", "xapp-", r"xapp-\d-[A-Za-z0-9-]{10,250}+"),
    _shape("slack-webhook", "hooks.slack.com/", r"hooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9/_+-]{20,200}+)"),
    _shape("discord-webhook", "/api/webhooks/", r"/api/webhooks/\d{15,20}+/([\w-]{60,100}+)"),
    _shape("stripe-key", "sk_live_ rk_live_ sk_test_ rk_test_", r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,250}+"),
    _shape("stripe-key", "whsec_", r"whsec_[A-Za-z0-9+/=]{24,100}+"),
    _shape("google-key", "AIza", r"AIza[\w-]{35}(?![\w-])"),
    _shape("google-key", "GOCSPX-", r"GOCSPX-[\w-]{24,40}+"),
    _shape("google-key", "ya29.", r"ya29\.[\w-]{30,1000}+"),
    _shape("anthropic-key", "sk-ant-", r"sk-ant-[\w-]{16,250}+"),
    _shape("openai-key", "sk-", r"sk-(?!ant-)(?:proj-|svcacct-|admin-|or-v1-)?[\w-]{20,250}+"),
    _shape("npm-token", "npm_", r"npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])"),
    _shape("pypi-token", "pypi-AgE", r"pypi-AgE[\w-]{50,1000}+"),
    _shape("huggingface-token", "hf_", r"hf_[A-Za-z0-9]{34,40}+(?!\w)"),
    _shape("sendgrid-key", "SG.", r"SG\.[\w-]{20,24}\.[\w-]{39,50}+"),
    _shape("twilio-key", "SK", r"SK[0-9a-f]{32}(?![0-9A-Za-z])"),
    _shape("mailgun-key", "key-", r"key-[0-9a-f]{32}(?![0-9A-Za-z])"),
    _shape("digitalocean-token", "dop_v1_ doo_v1_ dor_v1_", r"do[opr]_v1_[0-9a-f]{64}"),
    _shape("databricks-token", "dapi", r"dapi[0-9a-f]{32}(?![0-9A-Za-z])"),
    _shape("shopify-token", "shpat_ shpca_ shppa_ shpss_", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    _shape("docker-token", "dckr_pat_", r"dckr_pat_[\w-]{20,60}+"),
    _shape("vault-token", "hvs. hvb.", r"hv[sb]\.[\w-]{24,300}+"),
    _shape("age-key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{50,60}+"),
    _shape("jwt", "eyJ", r"eyJ[\w-]{8,4000}+\.eyJ[\w-]{8,8000}+\.[\w-]{8,2000}+"),
    _shape("azure-key", "AccountKey= SharedAccessKey=", r"(?:Account|SharedAccess)Key=([A-Za-z0-9+/=]{40,120}+)"),
    _shape("azure-key", "sig=", r"sig=([A-Za-z0-9%+/]{43,100}+)", sure=False),
    # A key in PEM, encoded once more, as in a Kubernetes secret.
    _shape("private-key", "LS0tLS1CRUdJTi", r"LS0tLS1CRUdJTi[A-Za-z0-9+/=]{40,20000}+"),
    _shape("azure-key", "Q~", r"[\w.~-]{3}\dQ~[\w.~-]{31,34}(?![\w.~-])", back=4),
)
