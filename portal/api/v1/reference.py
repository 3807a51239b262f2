"""The reference page of the REST API in both languages, made from the routes themselves."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from fastapi.routing import APIRoute

from portal.api.authentication import SIGNED_IN
from portal.api.v1.application import NOUNS, build, demanded, routes
from portal.domain.access import Permission, roles_with
from portal.i18n import t
from portal.kit.rest import REST_ROOT

_INTRO = {
    "en": """\
# REST API

The same services as the pages use, at `/api/v1`. The full description (OpenAPI 3.1) is served at
`/api/v1/openapi.json`.

- **Who you are.** Send a token as `Authorization: Bearer cfp_…`. Make one with `codex-portal token create`. After 20
  wrong tokens within a minute an address is turned away (429) until the minute is over.
- **Languages.** Sentences come in Chinese or English, as `Accept-Language` prefers.
- **Failures** are problem details (RFC 9457, `application/problem+json`). Programs look at `code` and `kind`; `detail`
  says what happened and what to do.
- **Lists** take `limit` (1 to 200) and `offset`; the `Link` header has first, prev, next and last.
- **Doing it once.** Send an `Idempotency-Key` with each POST: the same key again does nothing and gives the first
  answer once more.
- **Request numbers.** `X-Request-ID`, yours or a new one, is in the answer, the log and the audit trail.
- **Limits.** A request may have 1 MiB. No other site may call the API from a browser.

| status | kind | meaning |
|---|---|---|
| 401 | refused | no token, or one that is unknown, expired or revoked |
| 403 | refused | you may not |
| 404 | not_found | it does not exist |
| 409 | refused | it makes no sense now |
| 409 | conflict | it exists already, or somebody else changed it meanwhile |
| 422 | invalid | the input is wrong; `field` says where |
| 429 | refused | too many failures; `Retry-After` says when to come back |
| 503 | unavailable | a part does not answer; with `Retry-After` trying again helps |

The permission in the tables is needed in the environment concerned.
""",
    "zh": """\
# REST 接口

与页面使用相同的服务，地址为 `/api/v1`。完整说明（OpenAPI 3.1）见 `/api/v1/openapi.json`。

- **身份。** 以 `Authorization: Bearer cfp_…` 发送令牌；令牌用 `codex-portal token create` 创建。
  同一地址一分钟内出现 20 次错误令牌后，在该分钟结束前会被拒绝（429）。
- **语言。** 按 `Accept-Language` 返回中文或英文句子。
- **失败** 以问题详情返回（RFC 9457，`application/problem+json`）。
  程序请看 `code` 与 `kind`；`detail` 说明发生了什么以及如何处理。
- **列表** 接受 `limit`（1 至 200）与 `offset`；`Link` 头给出首页、上一页、下一页和末页。
- **只执行一次。** 每个 POST 可带 `Idempotency-Key`：同一个键再次发送时不会再执行，而是返回第一次的结果。
- **请求编号。** `X-Request-ID`（自带或新生成）会出现在响应、日志和审计记录中。
- **限制。** 请求最大 1 MiB；其他网站不能从浏览器调用本接口。

| 状态码 | kind | 含义 |
|---|---|---|
| 401 | refused | 没有令牌，或令牌未知、已过期、已吊销 |
| 403 | refused | 无权限 |
| 404 | not_found | 不存在 |
| 409 | refused | 现在不可行 |
| 409 | conflict | 已存在，或期间被他人修改 |
| 422 | invalid | 输入有误；`field` 指出位置 |
| 429 | refused | 失败次数过多；`Retry-After` 说明何时再试 |
| 503 | unavailable | 某个部件没有应答；带 `Retry-After` 时可重试 |

表中的权限须在所涉及的环境中具备。
""",
}
_HEADS = {
    "en": ("request", "what it does", "permission", "roles"),
    "zh": ("请求", "作用", "权限", "角色"),
}
_ANYBODY = {"en": "any valid token", "zh": "任何有效令牌"}


def page(locale: str) -> str:
    """The whole page in `zh` or `en`."""
    build()  # gives every route its description
    return "\n".join([_INTRO[locale], *_tables(locale)])


def _tables(locale: str) -> Iterator[str]:
    def tag(route: APIRoute) -> str:
        return str(route.tags[0] if len(route.tags) == 1 else route.tags[-1])

    found = sorted(routes(), key=lambda route: [noun.router.tags[0] for noun in NOUNS].index(route.tags[0]))
    for name, group in groupby(found, key=tag):
        yield f"## {name}\n"
        yield _row(_HEADS[locale])
        yield "|---|---|---|---|"
        yield from (_row(_cells(route, locale)) for route in group)
        yield ""


def _cells(route: APIRoute, locale: str) -> tuple[str, ...]:
    request = f"`{' '.join(sorted(route.methods or ()))} {REST_ROOT}{route.path}`"
    permission = demanded(route)
    words = t(locale, f"rest.{route.name}")
    if permission == SIGNED_IN or permission is None:
        return request, words, _ANYBODY[locale], ""
    return request, words, f"`{permission}`", ", ".join(roles_with(Permission(permission)))


def _row(cells: tuple[str, ...] | list[str]) -> str:
    return f"| {' | '.join(cells)} |"
