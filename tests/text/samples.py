"""Text of every kind that a review meets, for what is said about token counts. The same in every run."""

from __future__ import annotations

import base64
import json
import random
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_CHINESE = (
    "付款服务在重试时会再次扣款,因为幂等键只在第一次请求时生成。我们应该在事务开始之前保存它,并在失败时读取同一个值。\n"
)
_JAPANESE = "この関数は例外を握りつぶすため、呼び出し元は失敗に気づきません。ログに記録してから再送出してください。\n"
_KOREAN = "이 함수는 잠금을 해제하지 않고 반환하므로 다음 요청이 영원히 기다립니다. 컨텍스트 관리자를 사용하세요.\n"
_ARABIC = "تعيد هذه الدالة القيمة القديمة لأن الذاكرة المؤقتة لا تُحدَّث بعد الكتابة، فيرى المستخدم رصيدًا خاطئًا.\n"
_RUSSIAN = "Эта функция возвращает управление, не освободив блокировку, поэтому следующий запрос ждёт вечно.\n"
_EMOJI = "🚀 ✅ fix 🐛 in 👩‍💻 code 🇩🇪 🎉🎉🎉 done 👍🏽\n"


def samples() -> dict[str, str]:
    """By kind, of some 3,000 to 60,000 characters each."""
    draw = random.Random(2026)
    python = "".join(path.read_text("utf-8") for path in sorted((ROOT / "server/rebuttal/debate").glob("*.py")))[
        :60_000
    ]
    typescript = "".join(path.read_text("utf-8") for path in sorted((ROOT / "client-vscode/src").glob("*.ts")))[:40_000]
    return {
        "Python": python,
        "TypeScript": typescript,
        "minified": _minified(typescript),
        "JSON": "".join(path.read_text("utf-8") for path in sorted((ROOT / "docs/schemas").glob("*.json"))),
        "JSON on one line": json.dumps([{"id": n, "name": f"user{n}", "ok": n % 3 == 0} for n in range(200)]),
        "Markdown": (ROOT / "ARCHITECTURE.md").read_text("utf-8"),
        "diff": "".join(("+", "-", " ")[n % 3] + line for n, line in enumerate(python[:20_000].splitlines(True))),
        "log": "".join(_log_line(draw, number) for number in range(150)),
        "Chinese": _CHINESE * 40,
        "Japanese": _JAPANESE * 40,
        "Korean": _KOREAN * 40,
        "Arabic": _ARABIC * 30,
        "Russian": _RUSSIAN * 30,
        "emoji": _EMOJI * 60,
        "base64": base64.encodebytes(draw.randbytes(6_000)).decode(),
        "hexadecimal": "\n".join(draw.randbytes(20).hex() for _ in range(150)),
        "numbers": "\n".join(",".join(str(draw.randrange(10**5)) for _ in range(8)) for _ in range(200)),
        "blanks": (" " * 40 + "\n") * 100 + "\t" * 500 + "\n" * 500,
    }


def _minified(code: str) -> str:
    code = re.sub(r"^\s*(?://|/?\*).*$", "", code, flags=re.MULTILINE)
    names = {name: chr(97 + n % 26) + (chr(97 + n // 26) if n >= 26 else "") for n, name in enumerate(_names(code))}
    code = re.sub(r"\b[a-z]\w{4,}\b", lambda found: names.get(found[0], found[0]), code)
    return re.sub(r"\s*([^\w\s])\s*", r"\1", code).replace("\n", ";")


def _names(code: str) -> list[str]:
    return sorted(set(re.findall(r"\b[a-z]\w{4,}\b", code)))[:400]


def _log_line(draw: random.Random, number: int) -> str:
    level = draw.choice(("INFO", "DEBUG", "WARN", "ERROR"))
    request = draw.randbytes(8).hex()
    return (
        f"2026-11-22T13:{number % 60:02}:{draw.randrange(60):02}.{draw.randrange(1000):03}Z {level:<5} "
        f"[worker-{draw.randrange(8)}] GET /api/v1/orders/{draw.randrange(10**6)}?page={number} "
        f"{draw.randrange(200, 504)} {draw.randrange(2000)}ms request_id={request} ip=10.0.{number % 256}.7\n"
    )
